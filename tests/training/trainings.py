"""Small trainings to be watched, and a site that takes their streams."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from mav_engine.config import ServerConfig
from mav_engine.server.app import create_app
from mav_engine.training import TrainingWatch
from tests.server.servers import RealServer

PROMPTS = ["the cat", "Lily saw"]
STEPS = 6


class Site:
    """A site on this machine that takes trainings; it can be away and come back.

    Args:
        recording: the file that it watches.
        config: further settings of the server.
    """

    def __init__(self, recording: Path, **config: Any) -> None:
        self.recording = recording
        self.config = {"watch": recording, "receive_training": True, **config}
        self.server: RealServer | None = None
        self.start()
        assert self.server is not None
        self._port: int = self.server.port
        self.url = self.server.url

    def start(self, **config: Any) -> None:
        """Serve, at the address where it was served before."""
        self.config |= config
        app = create_app(ServerConfig(**self.config))
        self.server = RealServer(app, getattr(self, "_port", 0))

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None


def new_model() -> Any:
    """With dropout, so that each step draws from the random state."""
    torch.manual_seed(11)
    random.seed(11)
    np.random.seed(11)
    shape = {"vocab_size": 300, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
    return GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0))


def trained(watch: TrainingWatch | None) -> tuple[Any, list[float]]:
    """A hand-written loop of some steps; the model and its loss curve."""
    model = new_model().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    if watch is not None:
        watch.begin(model)
    for step in range(1, STEPS + 1):
        ids = torch.randint(0, 300, (4, 16))
        loss = model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if watch is not None:
            watch.step(model, step, loss=loss)
    if watch is not None:
        watch.end()
    return model, losses


def left_of(model: Any) -> dict[str, Any]:
    """What a training leaves, to the bit."""
    return {
        "weights": [weight.detach().numpy().tobytes() for weight in model.parameters()],
        "gradients": [weight.grad.numpy().tobytes() for weight in model.parameters()],
        "torch": torch.get_rng_state().tolist(),
        "numpy": np.random.get_state()[1].tolist(),
        "random": random.getstate(),
        "modes": [module.training for module in model.modules()],
        "attention": model.config._attn_implementation,
        "hooks": sum(len(module._forward_hooks) for module in model.modules()),
    }


class _Texts(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    def __len__(self) -> int:
        return 24

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        ids = (torch.arange(16) * (index + 3)) % 300
        return {"input_ids": ids, "labels": ids}


def trained_by_trainer(out: Path, callbacks: list[Any], tokenizer: Any) -> Any:
    from transformers import Trainer, TrainingArguments

    model = new_model()
    arguments = TrainingArguments(
        output_dir=str(out), max_steps=STEPS, per_device_train_batch_size=4, logging_steps=1,
        report_to="none", save_strategy="no", use_cpu=True, disable_tqdm=True, seed=5,
    )  # fmt: skip
    trainer = Trainer(
        model=model, args=arguments, train_dataset=_Texts(), callbacks=callbacks,
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    return trainer
