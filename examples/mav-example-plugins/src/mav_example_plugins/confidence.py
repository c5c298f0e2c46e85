"""A terminal panel: how likely the likeliest tokens were, the chosen one marked."""

from rich.table import Table

from mav_engine import PanelBase


class Confidence(PanelBase):
    """How sure the model is of its next word."""

    def __init__(self, measurements, max_bar_length=20, limit_chars=50):
        super().__init__("Confidence", "cyan", max_bar_length, limit_chars)
        self.measurements = measurements

    def get_panel_content(self):
        seen = self.measurements
        table = Table.grid(padding=(0, 1))
        for text, prob in list(zip(seen.decoded_tokens, seen.top_probs.tolist(), strict=True))[:5]:
            bar = "█" * round(prob * self.max_bar_length)
            style = "bold yellow" if text == seen.predicted_char else "default"
            table.add_row(repr(text), f"{prob:.0%}", bar, style=style)
        return table
