"""What a training run is defined by: the model's shape and the recipe; and how it is executed.

Shape and recipe are stored in the run's state file, so that a resumed run is the same run.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelShape:
    """Sizes of the Llama model.

    ``width`` is the size of a residual vector, ``mlp`` the inner size of the gated MLP,
    ``context`` the longest text in tokens.
    """

    vocabulary: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    mlp: int = 704
    context: int = 512


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights of a run, besides corpus and first weights.

    ``tokens`` is the whole budget of the run; the learning rate is warmed up over
    ``warmup_share`` of it, constant, and falls linearly to zero over the last ``decay_share``.
    Windows are ``window`` tokens long, and ``long_window`` for the last ``long_share`` of the
    budget. One optimizer step reads ``rows * window * accumulation`` tokens. ``earlier_tokens``
    is what the first weights had seen before this run, and ``earlier_runs`` says in sentences how
    they came about; both change nothing and are only told.
    """

    seed: int = 7
    tokens: int = 12_000_000
    window: int = 256
    long_window: int = 512
    long_share: float = 0.2
    rows: int = 16
    accumulation: int = 2
    muon_lr: float = 0.01
    adamw_lr: float = 3e-3
    weight_decay: float = 0.1
    warmup_share: float = 0.02
    decay_share: float = 0.6
    gradient_norm: float = 1.0
    fairy_tale_share: float = 0.5
    earlier_tokens: int = 0
    earlier_runs: str = ""

    @property
    def tokens_per_step(self) -> int:
        """Tokens that one optimizer step reads."""
        return self.rows * self.window * self.accumulation

    @property
    def decay_start(self) -> float:
        """Tokens after which the learning rate begins to fall."""
        return self.tokens * (1.0 - self.decay_share)

    def lr_scale(self, tokens_seen: int) -> float:
        """The factor in 0..1 on both learning rates after ``tokens_seen`` tokens."""
        warmup = self.tokens * self.warmup_share
        if tokens_seen < warmup:
            # Half a step ahead, so that the very first step moves the weights too.
            return (tokens_seen + 0.5 * self.tokens_per_step) / (
                warmup + 0.5 * self.tokens_per_step
            )
        if tokens_seen <= self.decay_start:
            return 1.0
        return max(0.0, (self.tokens - tokens_seen) / (self.tokens * self.decay_share))

    def window_at(self, tokens_seen: int) -> int:
        """The window length in tokens for the step that begins after ``tokens_seen`` tokens."""
        in_last_part = tokens_seen >= self.tokens * (1.0 - self.long_share)
        return self.long_window if in_last_part else self.window


@dataclass(frozen=True)
class Runtime:
    """How a run is executed: does not change what is trained, except for rounding.

    ``save_seconds`` and ``evaluate_tokens`` are the distances between two saved states and
    between two evaluations.
    """

    device: str = "cpu"
    bfloat16: bool = False
    compile: bool = False
    save_seconds: float = 300.0
    evaluate_tokens: int = 500_000
