"""`PanelBase`: custom panels with a single method, as in OpenMAV.

class EntropyFire(PanelBase):
    def __init__(self, measurements):
        super().__init__("Entropy Fire", "red")
        self.measurements = measurements

    def get_panel_content(self):
        return "🔥 " * int(self.measurements.attention_entropy_values[0])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rich.console import RenderableType


class PanelBase(ABC):
    """A panel that is constructed for each token and selected by its class name.

    As in OpenMAV, a subclass is constructed with the measurements and, by keyword, with
    `max_bar_length` and `limit_chars`. A constructor may leave either of them out.
    """

    def __init__(
        self,
        title: str = "",
        border_style: str = "",
        max_bar_length: int = 20,
        limit_chars: int = 50,
    ) -> None:
        self.title = title
        self.border_style = border_style
        self.max_bar_length = max_bar_length
        self.limit_chars = limit_chars

    @abstractmethod
    def get_panel_content(self) -> RenderableType:
        """The content: a text in rich's markup, or anything that rich can render."""

    def get_panel(self) -> RenderableType:
        """The content in its box. A subclass may return another box, or no box at all."""
        from rich.panel import Panel

        return Panel(self.get_panel_content(), title=self.title, border_style=self.border_style)


@dataclass(frozen=True, slots=True)
class Measurements:
    """The measurements of one token, with OpenMAV's names. Layers count from 0.

    Tensors are torch's where torch is loaded, else arrays of numpy.
    """

    mlp_activations: np.ndarray
    """[n_layers] size of each MLP block's true output; NaN where a layer has none. (What OpenMAV
    shows under this name are norms of the residual stream.)"""
    mlp_normalized: np.ndarray
    """[n_layers] the same as lengths of bars, on a scale for the whole run; 0 for NaN."""
    attention_entropy_values: np.ndarray
    """[n_layers] mean of the heads' entropies, in nats; NaN where there is no pattern."""
    attention_entropy_values_normalized: np.ndarray
    """[n_layers] as lengths of bars, relative to the maximum entropy at the run's last token."""
    generated_text: str
    """All text before the token, prompt included."""
    predicted_char: str
    """The exact text that the token adds."""
    next_token_probs: Any
    """[vocabulary] the model's own probabilities; None in a recording, which has only the top."""
    top_ids: Any
    """[20] ids of the likeliest tokens, best first."""
    top_probs: Any
    """[20] their probabilities."""
    logits: Any
    """[1, 1, vocabulary] the model's own scores; None in a recording."""
    decoded_tokens: list[str]
    """[20] the texts of the likeliest tokens, spaces kept."""
