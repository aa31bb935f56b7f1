"""Trains a tiny transformer with the Hugging Face Trainer, with or without the tuner.

    python parity.py                                  # alone: 5 epochs at LR 0.001
    autolrs run --steps 1000 -- python parity.py      # the tuner chooses the LR

It reads 16 bits and tells whether the number of ones among the first four is odd. Nothing is
downloaded: the model is made from a configuration, and the data from a seed. The lines that make
it tunable are marked with "autolrs".
"""

import torch
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)

import autolrs.transformers  # autolrs


class Bits(Dataset):
    def __init__(self, count: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.bits = torch.randint(0, 2, (count, 16), generator=generator)

    def __len__(self) -> int:
        return len(self.bits)

    def __getitem__(self, index: int) -> dict:
        bits = self.bits[index]
        return {"input_ids": bits, "labels": bits[:4].sum() % 2}


def main() -> None:
    set_seed(0)
    config = BertConfig(
        vocab_size=2,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=16,
    )
    args = TrainingArguments(
        output_dir="autolrs-runs/trainer",
        num_train_epochs=5,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=512,
        learning_rate=1e-3,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(
        BertForSequenceClassification(config),
        args,
        train_dataset=Bits(8192, seed=1),
        eval_dataset=Bits(512, seed=2),
    )
    autolrs.transformers.attach(trainer)  # autolrs
    trainer.train()
    print(f"validation: loss {trainer.evaluate()['eval_loss']:.4f}")


if __name__ == "__main__":
    main()
