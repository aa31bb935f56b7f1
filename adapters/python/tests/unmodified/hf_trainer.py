"""A Trainer with a tiny model, its own schedule, evaluations, and the best model loaded."""

import torch
import transformers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)


def main():
    transformers.set_seed(0)
    rows = [
        {"input_ids": (torch.arange(8) * at) % 5, "labels": torch.tensor(at % 2)}
        for at in range(48)
    ]
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=5,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            max_position_embeddings=8,
        )
    )
    args = TrainingArguments(
        output_dir="out",
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        num_train_epochs=4,
        learning_rate=1e-2,
        lr_scheduler_type="cosine",
        warmup_steps=4,
        eval_strategy="steps",
        eval_steps=8,
        save_steps=8,
        save_total_limit=2,
        load_best_model_at_end=True,
        logging_steps=4,
        disable_tqdm=True,
        report_to="none",
        use_cpu=True,
    )
    trainer = Trainer(model, args, train_dataset=rows, eval_dataset=rows[:8])
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    kept = ("loss", "grad_norm", "learning_rate", "eval_loss", "epoch", "step")
    for line in trainer.state.log_history:
        print({key: value for key, value in line.items() if key in kept})
    torch.save(model.state_dict(), "model.pt")


if __name__ == "__main__":
    main()
