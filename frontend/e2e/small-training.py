"""A small training that takes some steps for each line that it is sent, then looks at its model.

python small-training.py RECORDING_OR_SITE
"""

import sys

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

import mav_engine
from mav_engine.training import TrainingWatch

TEXT = "Once upon a time, there was a little cat. "
STEPS = 5


def main(kept: str) -> None:
    folder = f"{mav_engine.__path__[0]}/models/mav-tiny"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(1)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=len(tokenizer), num_attention_heads=2, **shape)
    ).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    ids = tokenizer(TEXT * 4, return_tensors="pt").input_ids
    where = {"stream" if kept.startswith("http") else "recording": kept}
    watch = TrainingWatch(tokenizer, ["Once upon"], every=STEPS, max_new_tokens=8, **where)
    watch.begin(model)
    step = 0
    for _ in sys.stdin:
        for _ in range(STEPS):
            step += 1
            loss = model(input_ids=ids, labels=ids).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(model, step, loss=loss)
    watch.end()


if __name__ == "__main__":
    main(sys.argv[1])
