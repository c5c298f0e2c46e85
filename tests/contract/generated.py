"""Values of the contract's types, for property tests."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from hypothesis import strategies as st

from mav_engine.compare.events import Divergence
from mav_engine.contract.arrays import MAX_HALF_SHARES, Array, Floats
from mav_engine.contract.events import (
    SHARES,
    AttentionSources,
    Distribution,
    Layers,
    LogProb,
    Prompt,
    RunSettings,
    Token,
)

T = TypeVar("T")

MAX_WHOLE = 2**53 - 1
AXES: dict[type, dict[str, int]] = {
    AttentionSources: {"weights": 2, "head_weights": 3},
    Distribution: {"rank_bins": 1},
    Layers: {"resid_norm": 1, "mlp_norm": 1, "attn_norm": 1, "attn_entropy": 2},
    Prompt: {"attention_map": 4},
    Token: {"attention_rows": 3, "attention_map": 4, "tiles": 3},
    Divergence: {"resid_distance": 1, "resid_cosine": 1},
}
"""How many axes an array has."""
SIDES = {1: 100, 2: 12, 3: 6, 4: 4}
"""The longest axis, by the number of axes: some arrays travel as numbers, some packed."""

TEXT = st.text(max_size=20) | st.sampled_from(["", "\u2028", "\x85\r\n", '"\\', "🦜", "<0xF0>"])
WHOLE = st.integers(0, 100_000) | st.sampled_from([0, MAX_WHOLE])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def arrays(draw: Callable[[st.SearchStrategy[Any]], Any], axes: int, *, shares: bool) -> Floats:
    """Numbers of any size, some or all of them absent (NaN) or, as a model may give, infinite."""
    shape = tuple(draw(st.integers(1, SIDES[axes])) for _ in range(axes))
    if shares and draw(st.integers(0, 4)) == 0:
        shape = (*(1,) * (axes - 2), MAX_HALF_SHARES // 100, 101)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.random(shape, dtype=np.float32)
    if not shares:
        values = (values - np.float32(0.5)) * np.float32(10.0 ** draw(st.integers(-30, 30)))
    share_absent = draw(st.sampled_from([0, 0, 0.3, 1]))
    values[random.random(shape[0]) < share_absent] = np.nan
    if not shares and draw(st.integers(0, 9)) == 0:
        values.flat[draw(st.integers(0, values.size - 1))] = np.inf
    return values


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation of the contract."""
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint):
        return instances(hint)
    given = get_args(hint)
    build: Callable[[], st.SearchStrategy[Any]] = {
        Annotated: lambda: of_type(given[0]),
        Literal: lambda: st.sampled_from(given),
        Union: lambda: st.one_of([of_type(each) for each in given]),
        types.UnionType: lambda: st.one_of([of_type(each) for each in given]),
        list: lambda: st.lists(of_type(given[0]), max_size=2),
        tuple: lambda: st.tuples(*map(of_type, given)),
        dict: lambda: st.dictionaries(TEXT, of_type(given[1]), max_size=2),
    }[get_origin(hint)]
    return build()


def instances(kind: type[T]) -> st.SearchStrategy[T]:
    """Instances of a dataclass of the contract."""
    hints = get_type_hints(kind, include_extras=True)

    def of_field(name: str) -> st.SearchStrategy[Any]:
        axes = AXES.get(kind, {}).get(name)
        if axes is None:
            return of_type(hints[name])
        found = arrays(axes, shares=name in SHARES)
        return found if hints[name] is Array else st.none() | found

    return st.deferred(
        lambda: st.builds(kind, **{each.name: of_field(each.name) for each in fields(kind)})
    )


_SOME = st.text(min_size=1, max_size=20)
SETTINGS = st.builds(
    lambda source, **others: RunSettings(**source, **others),
    st.fixed_dictionaries({"prompt": _SOME})
    | st.fixed_dictionaries(
        {"messages": st.lists(st.fixed_dictionaries({"role": _SOME, "content": TEXT}), min_size=1)}
    ),
    model=_SOME,
    max_new_tokens=st.sampled_from([64, 2048, MAX_WHOLE]),
    temperature=st.floats(0, 10),
    top_p=st.floats(0, 1, exclude_min=True),
    stop=st.lists(_SOME, max_size=3),
    seed=st.none() | WHOLE,
    capture=st.lists(_SOME, max_size=3),
    aggregation=st.sampled_from(["l2", "max_abs", "mean_abs", "rms"]),
    breakpoints=st.fixed_dictionaries(
        {"entropy_above": st.none() | st.floats(0, 20), "text": st.none() | _SOME},
    ),
    tile=st.fixed_dictionaries({"height": st.integers(1, 64), "signal": st.just("mlp")}),
)

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    Any: JSON,
    LogProb: st.none()
    | st.just(-np.inf)
    | st.floats(max_value=0, allow_nan=False, allow_infinity=False),
    RunSettings: SETTINGS,
    bool: st.booleans(),
    float: FINITE,
    int: WHOLE,
    str: TEXT,
    type(None): st.none(),
}
