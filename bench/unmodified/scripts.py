"""The scripts: the tests' own, made longer and given real data by replacements."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "adapters" / "python" / "tests" / "unmodified"


@dataclass(frozen=True)
class Script:
    """One script.

    Args:
        name: Of its file among the tests'.
        words: Its kind, for the table.
        lrs: Each place where it writes an LR, up to its last digit.
        seed: Where it sets its seed, up to the number.
        changes: What to replace. Each old text must be there.
        loss: A regular expression whose last match in the output is the final loss.
        epochs: One whose matches are the epochs.
        python: The environment variable that names its Python.
        launcher: What stands between the Python and the script.
    """

    name: str
    words: str
    lrs: tuple[str, ...]
    seed: str
    changes: dict[str, str]
    loss: str
    epochs: str
    python: str = "AUTOLRS_PYTHON"
    launcher: tuple[str, ...] = ()

    def write(self, folder: Path, seed: int, factor: float) -> None:
        """Makes `train.py` in a folder, with its LRs times a factor."""
        folder.mkdir(parents=True)
        text = (TEXTS / f"{self.name}.py").read_text()
        for old, new in self.changes.items():
            text = _replace(text, old, new)
        for place in self.lrs:
            text = _replace(text, place, place if factor == 1 else f"{place} * {factor!r}")
        start = text.index(self.seed) + len(self.seed)
        end = text.index(")", start)
        text = f"{text[:start]}{seed}{text[end:]}"
        (folder / "train.py").write_text(text)
        shutil.copy(Path(__file__).with_name("data.py"), folder)


def _replace(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"a script has no {old!r} to replace")
    return text.replace(old, new)


LAST = r"test loss ([0-9.e+-]+|nan|inf)"
EPOCH = r"epoch (\d+)"

_TEST = """
{0}model.eval()
{0}with torch.no_grad():
{0}    x, y = {1}
{0}    print("test loss", {2}.item())
"""

SCRIPTS = [
    Script(
        "epochs",
        "a loop by hand, evaluations, StepLR",
        lrs=("lr=1.0",),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "Linear(8, 16)": "Linear(196, 64)",
            "BatchNorm1d(16)": "BatchNorm1d(64)",
            "Linear(16, 4)": "Linear(64, 10)",
            "    x = torch.randn(128, 8)\n": "",
            "dataset = TensorDataset(x, x[:, :4].argmax(1))": (
                'dataset = TensorDataset(*sets.fashion("train", 6400))'
            ),
            "batch_size=16": "batch_size=32",
            "test_loader = DataLoader(dataset, batch_size=64)": (
                'test_loader = DataLoader(TensorDataset(*sets.fashion("t10k", 2000)), 500)'
            ),
            "% 4 == 0": "% 40 == 0",
            "range(1, 4)": "range(1, 6)",
        },
        loss=LAST,
        epochs=EPOCH,
    ),
    Script(
        "own_cosine",
        "in nanoGPT's manner: own cosine, GradScaler",
        lrs=("learning_rate = 1e-2", "min_lr = 1e-3"),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "max_iters = 23": "max_iters = 1000",
            "eval_interval = 10": "eval_interval = 250",
            "warmup_iters = 4": "warmup_iters = 50",
            "lr_decay_iters = 23": "lr_decay_iters = 1000",
            "data = torch.randint(0, 16, (2000,))": (
                "data = sets.characters()\ntrain, val = data[: len(data) * 9 // 10],"
                " data[len(data) * 9 // 10 :]"
            ),
            "def get_batch():": "def get_batch(data=train):",
            "len(data) - 8, (4,)": "len(data) - 16, (8,)",
            "[i : i + 8]": "[i : i + 16]",
            "[i + 1 : i + 9]": "[i + 1 : i + 17]",
            "nn.Embedding(16, 16)": (
                "nn.Embedding(128, 32)\n"
                "        self.wpe = nn.Embedding(16, 32)\n"
                "        self.h = nn.TransformerEncoderLayer(\n"
                "            32, 4, 64, dropout=0.1, batch_first=True, norm_first=True\n"
                "        )\n"
                "        self.mask = nn.Transformer.generate_square_subsequent_mask(16)"
            ),
            "nn.Linear(16, 16, bias=False)": "nn.Linear(32, 128, bias=False)",
            "self.lm_head.weight\n": (
                "self.lm_head.weight\n        nn.init.normal_(self.wte.weight, std=0.02)\n"
            ),
            "self.lm_head(self.drop(self.wte(x)))": (
                "self.lm_head(\n"
                "            self.h(self.drop(self.wte(x) + self.wpe.weight), self.mask)\n"
                "        )"
            ),
            "view(-1, 16)": "view(-1, 128)",
            '[{"params": decay, "weight_decay": 0.1}]': (
                '[{"params": decay, "weight_decay": 0.1},'
                ' {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0}]'
            ),
            "model(*get_batch()) for _ in range(2)": "model(*get_batch(val)) for _ in range(40)",
        },
        loss=r"val loss ([0-9.e+-]+|nan|inf)",
        epochs=r"iter (\d+)",
    ),
    Script(
        "scheduler",
        "OneCycleLR at each update, two groups",
        lrs=('"lr": 0.02', "lr=0.1", "[0.04", ", 0.2"),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "x = torch.randn(96, 6)": 'x, _ = sets.fashion("train", 3200)',
            "TensorDataset(x, x.sin().sum(1, keepdim=True)), batch_size=8": (
                "TensorDataset(x[:, :98], x[:, 98:]), batch_size=32"
            ),
            "nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1)": (
                "nn.Linear(98, 64), nn.Tanh(), nn.Linear(64, 98)"
            ),
            "epochs = 2": "epochs = 10",
            'print(f"{loss.item()': 'print(f"epoch {_epoch} {loss.item()',
            "torch.save(": _TEST.format(
                "",
                'sets.fashion("t10k", 2000)',
                "nn.functional.mse_loss(model(x[:, :98]), x[:, 98:])",
            ).lstrip()
            + "torch.save(",
        },
        loss=LAST,
        epochs=EPOCH,
    ),
    Script(
        "accumulate",
        "Accelerate, accumulation, OneCycleLR",
        lrs=("lr=3e-2 / 25", "max_lr=3e-2"),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "    x = torch.randn(64, 6)\n": '    x, y = sets.digits("train")\n',
            "TensorDataset(x, (x.sum(1) > 0).long()), shuffle=True, batch_size=8": (
                "TensorDataset(x / 16, y), shuffle=True, batch_size=16"
            ),
            "Linear(6, 16)": "Linear(64, 64)",
            "Linear(16, 2)": "Linear(64, 10)",
            "num_epochs = 6": "num_epochs = 40",
            "    accelerator.wait_for_everyone()": _TEST.format(
                "    ",
                'sets.digits("test")',
                "torch.nn.functional.cross_entropy(model(x / 16), y)",
            )
            + "    accelerator.wait_for_everyone()",
        },
        loss=LAST,
        epochs=EPOCH,
        python="AUTOLRS_PYTHON_ECOSYSTEM",
    ),
    Script(
        "lightning_fit",
        "Lightning, best checkpoint, early stopping",
        lrs=("lr=1e-2",),
        seed="lightning.seed_everything(",
        changes={
            "import lightning\n": "import data as sets\nimport lightning\n",
            "Linear(6, 16)": "Linear(196, 64)",
            "Linear(16, 2)": "Linear(64, 10)",
            "T_max=4": "T_max=10",
            "max_epochs=4": "max_epochs=10",
            "x = torch.randn(64, 6)\n": "",
            "data = TensorDataset(x, (x.sum(1) > 0).long())": (
                'data = TensorDataset(*sets.fashion("train", 3200))\n'
                'held_out = TensorDataset(*sets.fashion("t10k", 2000))'
            ),
            "DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=32)": (
                "DataLoader(data, batch_size=16, shuffle=True), DataLoader(held_out, 2000)"
            ),
        },
        loss=r"\.ckpt ([0-9.e+-]+|nan|inf)",
        epochs=r"val [0-9.naif]+ (\d+)",
        python="AUTOLRS_PYTHON_LIGHTNING",
    ),
    Script(
        "hf_trainer",
        "Hugging Face Trainer, cosine, best model",
        lrs=("learning_rate=1e-2",),
        seed="transformers.set_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            '        {"input_ids": (torch.arange(8) * at) % 5, "labels": torch.tensor(at % 2)}\n'
            "        for at in range(48)\n": (
                '        {"input_ids": x, "labels": y}\n'
                '        for part in ("train", "test")\n'
                "        for x, y in zip(*sets.digits(part))\n"
            ),
            "vocab_size=5": "vocab_size=17,\n            num_labels=10",
            "hidden_size=8": "hidden_size=16",
            "intermediate_size=8": "intermediate_size=32",
            "max_position_embeddings=8": "max_position_embeddings=64",
            "train_batch_size=4": "train_batch_size=8",
            "num_train_epochs=4": "num_train_epochs=12",
            "warmup_steps=4": "warmup_steps=50",
            "eval_steps=8": "eval_steps=225",
            "save_steps=8": "save_steps=225",
            "logging_steps=4": "logging_steps=25",
            "train_dataset=rows, eval_dataset=rows[:8]": (
                "train_dataset=rows[:1200], eval_dataset=rows[1200:]"
            ),
            "    torch.save(": (
                '    print("test loss", trainer.evaluate()["eval_loss"])\n    torch.save('
            ),
        },
        loss=LAST,
        epochs=r"'epoch': ([0-9.]+)",
        python="AUTOLRS_PYTHON_TRANSFORMERS",
    ),
    Script(
        "ema",
        "in timm's manner: own scheduler, average of weights",
        lrs=("lr=1e-2", "warmup_lr_init=1e-4"),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "Linear(6, 16)": "Linear(196, 64)",
            "BatchNorm1d(16)": "BatchNorm1d(64)",
            "Linear(16, 3)": "Linear(64, 10)",
            "    x = torch.randn(96, 6)\n": '    x, y = sets.fashion("t10k", 2000)\n',
            "TensorDataset(x, x[:, :3].argmax(1)), batch_size=8": (
                'TensorDataset(*sets.fashion("train", 3200)), batch_size=16'
            ),
            "t_initial=4": "t_initial=10",
            "range(4)": "range(10)",
            'print("ema", model_ema.module(x).square().mean().item())': (
                'print("test loss", nn.functional.cross_entropy(model_ema.module(x), y).item())'
            ),
        },
        loss=LAST,
        epochs=EPOCH,
    ),
    Script(
        "ddp",
        "DDP of two ranks, a warm-up, then constant",
        lrs=("lr=1e-2",),
        seed="torch.manual_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "nn.Linear(6, 12), nn.Dropout(0.1), nn.Linear(12, 1)": (
                "nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10)"
            ),
            "    x = torch.randn(64, 6)\n": '    x, y = sets.digits("train")\n',
            "TensorDataset(x, x.sum(1, keepdim=True))": "TensorDataset(x / 16, y)",
            "batch_size=8": "batch_size=15",
            "total_iters=10": "total_iters=50",
            "range(5)": "range(25)",
            "mse_loss": "cross_entropy",
            "    if rank == 0:\n": "    if rank == 0:\n"
            + _TEST.format(
                "        ",
                'sets.digits("test")',
                "nn.functional.cross_entropy(model.module(x / 16), y)",
            ).lstrip("\n"),
        },
        loss=LAST,
        epochs=EPOCH,
        launcher=("-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone"),
    ),
    Script(
        "keras_fit",
        "Keras on TensorFlow, best checkpoint, early stopping",
        lrs=("learning_rate=1e-3",),
        seed="keras.utils.set_random_seed(",
        changes={
            "import keras\n": "import data as sets\nimport keras\n",
            "num_classes = 4": "num_classes = 10",
            'x = np.random.normal(size=(256, 8)).astype("float32")\n'
            "y = keras.utils.to_categorical(x[:, :num_classes].argmax(1), num_classes)\n"
            "x_train, y_train = x[:192], y[:192]\n"
            "x_test, y_test = x[192:], y[192:]\n": (
                'x_train, y_train = (each.numpy() for each in sets.fashion("train", 3200))\n'
                'x_test, y_test = (each.numpy() for each in sets.fashion("t10k", 2000))\n'
                "y_train = keras.utils.to_categorical(y_train, num_classes)\n"
                "y_test = keras.utils.to_categorical(y_test, num_classes)\n"
            ),
            "shape=(8,)": "shape=(196,)",
            "Dense(16": "Dense(64",
            "epochs=4": "epochs=8",
        },
        loss=r"Test loss: ([0-9.e+-]+|nan|inf)",
        epochs=r"Epoch (\d+)/",
        python="AUTOLRS_PYTHON_KERAS",
    ),
    Script(
        "fastai_learn",
        "fastai, one cycle, best model, early stopping",
        lrs=("fit_one_cycle(10, 1e-2",),
        seed="set_seed(",
        changes={
            "import torch\n": "import data as sets\nimport torch\n",
            "x = torch.randn(256, 8)\ny = x[:, :4].argmax(1)\n": "",
            "TensorDataset(x[:192], y[:192]), TensorDataset(x[192:], y[192:])": (
                'TensorDataset(*sets.fashion("train", 3200)),'
                ' TensorDataset(*sets.fashion("t10k", 2000))'
            ),
            "bs=16": "bs=32",
            "Linear(8, 16)": "Linear(196, 64)",
            "BatchNorm1d(16)": "BatchNorm1d(64)",
            "Linear(16, 4)": "Linear(64, 10)",
            "fit_one_cycle(4, ": "fit_one_cycle(10, ",
            "torch.save(": _TEST.format(
                "", 'sets.fashion("t10k", 2000)', "nn.functional.cross_entropy(model(x), y)"
            ).lstrip()
            + "torch.save(",
        },
        loss=LAST,
        epochs=r"\[(\d+), ",
        python="AUTOLRS_PYTHON_FASTAI",
    ),
]
