"""Trains a small convolutional network on Fashion-MNIST, with or without the tuner.

    python fashion_mnist.py                                  # alone: 5 epochs at LR 0.05
    autolrs run --steps 4000 -- python fashion_mnist.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import argparse
import gzip
import os
import pathlib
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import autolrs.torch  # autolrs: before anything is printed

DATA = "/usr/share/datasets/fashion-mnist"  # where Debian's package puts it


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA needs to repeat itself
    torch.use_deterministic_algorithms(True)
    if args.threads:
        torch.set_num_threads(args.threads)

    images, labels = read_split(args.data, "train")
    # The test images are for the very last line; what is chosen, is chosen on these.
    train_set = TensorDataset(images[:-5000][: args.train_size], labels[:-5000][: args.train_size])
    held_out = (
        images[-args.validation_size :].to(args.device),
        labels[-args.validation_size :].to(args.device),
    )
    loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True, drop_last=True)

    model = make_model().to(args.device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def validate():
        loss, accuracy = evaluate(model, *held_out)
        return loss, {"accuracy": accuracy}

    tuner = autolrs.torch.attach(model, optimizer, validate=validate)  # autolrs
    for x, y in tuner.cycle(loader, epochs=args.epochs):  # autolrs: instead of two nested loops
        loss = criterion(model(x.to(args.device)), y.to(args.device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)  # autolrs

    loss, accuracy = evaluate(model, *held_out)
    print(f"validation: loss {loss:.4f}, accuracy {accuracy:.4f}")
    test_set = [each.to(args.device) for each in read_split(args.data, "t10k")]
    loss, accuracy = evaluate(model, *test_set)
    print(f"test: loss {loss:.4f}, accuracy {accuracy:.4f}")


def make_model() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 10)),
    )


@torch.no_grad()
def evaluate(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Mean loss and accuracy."""
    model.eval()
    outputs = torch.cat([model(part) for part in images.split(250)])
    accuracy = (outputs.argmax(1) == labels).float().mean()
    loss = nn.functional.cross_entropy(outputs, labels)
    model.train()
    return loss.item(), accuracy.item()


def read_split(folder: pathlib.Path, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as N x 1 x 28 x 28, about standardised, and their labels. `name`: train or t10k."""
    images = read_bytes(folder / f"{name}-images-idx3-ubyte.gz", header_bytes=16)
    labels = read_bytes(folder / f"{name}-labels-idx1-ubyte.gz", header_bytes=8)
    return (images.view(-1, 1, 28, 28).float() / 255 - 0.286) / 0.353, labels.long()


def read_bytes(path: pathlib.Path, header_bytes: int) -> torch.Tensor:
    if not path.exists():
        sys.exit(
            f"{path} is missing: install Debian's package dataset-fashion-mnist, "
            "or pass the folder with the four *-ubyte.gz files as --data"
        )
    content = bytearray(gzip.decompress(path.read_bytes()))
    return torch.frombuffer(content, dtype=torch.uint8, offset=header_bytes)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=DATA, help="folder of *-ubyte.gz")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train-size", type=int, default=55_000, help="use the first N images")
    parser.add_argument("--validation-size", type=int, default=5000, help="at most 5000")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch decides")
    return parser.parse_args()


if __name__ == "__main__":
    main()
