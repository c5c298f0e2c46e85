"""The rows of all types as the page `docs/architectures.md`."""

from __future__ import annotations

from collections.abc import Sequence

from tests.sweep.judge import ALL, NONE, Row

_COLUMNS = ("streams", "residual", "mlp", "attention", "pattern", "lens")
_HEAD = """\
# Architectures

_Which models work, and what is measured of each?_

Made by `make architectures`; do not edit. A test compares each row with what it finds.

For every model type that transformers {version} maps to a causal language model, a small model with
random weights is built from its configuration and generates greedily beyond its sliding windows.
The text is compared with that of `generate()`, and every number of every token with the model's own
eager forward pass over the same text: residual streams with `output_hidden_states`, attention
patterns with `output_attentions`, outputs of MLP and attention modules with hooks on modules that
are listed by hand, and the logit lens with the logits that the model computes when the residual of
the layer replaces that of the last one. A number that does not exist is null, and – in the table.

- **streams**: the text is that of `generate()`, token by token.
- **residual**, **MLP**, **attention**: `resid_norm`, `mlp_norm`, `attn_norm`.
- **pattern**: `attn_entropy` and `attention_rows`.
- **lens**: the logit lens of all layers.
- `2 of 3` is the number of layers that have the part.

{counts}

| model type | streams | residual | MLP | attention | pattern | lens | notes |
|---|---|---|---|---|---|---|---|
"""


def page(rows: Sequence[Row], version: str) -> str:
    """The whole page."""
    lines = "\n".join(row.line() for row in rows)
    return _HEAD.format(version=version, counts=_counts(rows)) + lines + "\n"


def _counts(rows: Sequence[Row]) -> str:
    built = [row for row in rows if row.streams != "not built"]
    have = {name: sum(getattr(row, name) != NONE for row in built) for name in _COLUMNS}
    share = 100 * sum(row.streams == ALL for row in built) / len(built)
    return (
        f"Of {len(rows)} types {len(built)} can be built and {have['streams']} stream "
        f"({share:.1f} %): {have['residual']} with a residual stream, {have['mlp']} with MLPs, "
        f"{have['attention']} with attention outputs, {have['pattern']} with patterns, "
        f"{have['lens']} with the lens."
    )
