"""What `mav explore` makes of a run: trace against engine, pictures against trace."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import orjson
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from PIL import Image

from mav_engine.backends import Backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Done, from_json
from mav_engine.errors import InvalidSettings
from mav_engine.explore import heatmaps, probabilities, style
from mav_engine.explore.artifacts import ArtifactOptions, artifacts
from mav_engine.explore.attention import heads_of, map_at
from mav_engine.explore.explored_run import Exploration, ExploredRun, StopRule, with_capture
from mav_engine.explore.folder import check_writable, write_whole
from mav_engine.explore.forced_pair import run_forced_pair
from mav_engine.explore.report import PLACEHOLDER
from mav_engine.results.result import RunRecord, collect
from mav_engine.running.run import run
from mav_engine.settings import RunSettings
from tests.engine.conftest import Case

MakeCase = Callable[[str], Case]
PROMPT = "One day, $5 and $6 fell on 北京. The cat"
EVERY = 4
SETTINGS = RunSettings(
    prompt=PROMPT, max_new_tokens=9, temperature=0.8, top_p=0.9, top_k=0, repetition_penalty=1.1,
    no_repeat_ngram_size=3, seed=5,
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
# The template before the site's build, which adds a script with a second placeholder.
SOURCE = (ROOT / "frontend" / "replay" / "replay.html").read_text("utf-8")
TEMPLATE = f'{SOURCE}"{PLACEHOLDER}"'


def ask(
    backend: Backend,
    settings: RunSettings = SETTINGS,
    *,
    layer: str = "last",
    head: str = "mean",
    stop_rule: StopRule = StopRule(100),  # noqa: B008, it is frozen
) -> Exploration:
    return Exploration(
        with_capture(settings, EVERY), backend, heads_of(layer, head, backend.info), stop_rule
    )


def see(backend: Backend, settings: RunSettings = SETTINGS, **more: Any) -> ExploredRun:
    run = ask(backend, settings, **more)
    record = collect(run.events())
    record.raise_for_error()
    return run.finished(record)


def font_with(characters: str, family: str, path: Path) -> str:
    """The path of a new font that draws a square for each of these characters and nothing else."""
    names = [".notdef", *(f"uni{ord(each):04X}" for each in characters)]
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(dict(zip(map(ord, characters), names[1:], strict=True)))
    font.setupGlyf(dict.fromkeys(names, square))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)
    return str(path)


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes matplotlib know its own fonts and the given ones, whatever this machine has."""
    bundled = mpl.get_data_path()
    own = [font for font in font_manager.fontManager.ttflist if font.fname.startswith(bundled)]
    caches = (style.families, style._in_every_picture, style._has_glyph)

    def install(*paths: str) -> None:
        monkeypatch.setattr(font_manager.fontManager, "ttflist", list(own))
        for path in paths:
            font_manager.fontManager.addfont(path)
        font_manager.fontManager._findfont_cached.cache_clear()
        for cached in caches:
            cached.cache_clear()

    yield install
    monkeypatch.undo()
    font_manager.fontManager._findfont_cached.cache_clear()
    for cached in caches:
        cached.cache_clear()


@pytest.fixture(scope="module")
def seen(tiny: Backend) -> ExploredRun:
    return see(tiny)


@pytest.fixture(scope="module")
def files(seen: ExploredRun) -> dict[str, bytes]:
    return artifacts([seen], ArtifactOptions(EVERY, 5, TEMPLATE, {"topk": 20}))


@pytest.fixture(scope="module")
def trace(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(files["trace.json"])
    return found


@pytest.fixture(scope="module")
def alone(tiny: Backend) -> RunRecord:
    """The same run as the engine gives it to anybody."""
    update = {"capture": ["residual", "mlp", "attention_entropy", "attention_map"]}
    return collect(run(SETTINGS.model_copy(update=update | {"attn_every": EVERY}), backend=tiny))


def test_all_files_are_written_and_listed(files: dict[str, bytes], trace: dict[str, Any]) -> None:
    pictures = [
        "final_step_token_probs", "prompt_attention_heatmap", "probs_step_5", "attn_step_4",
        "attn_step_8",
    ]  # fmt: skip
    named = [f"{name}.{kind}" for name in pictures for kind in ("png", "svg")]
    expected = {"trace.json", "tokens.csv", "output.txt", "report.html", *named}
    assert set(files) == expected == set(trace["files"])


def test_the_trace_is_explorers_and_its_numbers_are_the_engines(
    trace: dict[str, Any], alone: RunRecord
) -> None:
    assert trace["model"] == "mav-tiny"
    assert trace["prompt"] == PROMPT
    assert trace["text"] == alone.text
    first, *steps = trace["steps"]
    assert first["step"] == 0
    assert first["generated_token"] is None
    assert [each["step"] for each in steps] == list(range(1, 10))
    assert first["topk_probs"] == steps[0]["topk_probs"]
    for step, token in zip(steps, alone.tokens, strict=True):
        assert step["generated_token"] == token.token.text
        assert step["topk_tokens"] == [row.text for row in token.top]
        assert step["topk_probs"] == pytest.approx([row.prob for row in token.top])
        assert step["topk_cut_by"] == [row.cut_by for row in token.top]
        assert step["entropy"] == pytest.approx(token.entropy)
        assert step["prob"] == pytest.approx(math.exp(token.logprob))
        assert np.allclose(step["mlp_norm"], token.layers.mlp_norm, rtol=1e-4)
        assert np.array(step["attn_entropy"]).shape == (6, 4)


def test_a_chosen_token_of_low_rank_has_a_row_of_its_own(tiny: Backend) -> None:
    few = SETTINGS.model_copy(update={"top_n": 1, "temperature": 1.5, "max_new_tokens": 5})
    found = see(tiny, few)
    made = artifacts([found], ArtifactOptions(0, 1))
    far = [token for token in found.record.tokens if token.rank > 0]
    assert far
    for token in far:
        stages = token.sampler_stages
        assert stages
        step = orjson.loads(made["trace.json"])["steps"][token.index + 1]
        assert step["sampled_prob"] == stages[-1].said
        svg = made[f"probs_step_{token.index + 1}.svg"]
        assert style.token(token.token.text) in texts_in(svg)
        assert any(f"chosen: rank {token.rank}" in text for text in texts_in(svg))
        width = widths_of(svg, style.CHOSEN)[0] / (72 * probabilities._BARS)
        assert width == pytest.approx(math.exp(token.logprob), abs=1e-4)


def test_attention_in_the_trace_is_the_engines(trace: dict[str, Any], alone: RunRecord) -> None:
    assert alone.prompt is not None
    maps = {0: alone.prompt.attention_map} | {
        token.index + 1: token.attention_map
        for token in alone.tokens
        if token.attention_map is not None
    }
    assert set(maps) == {0, 4, 8}
    for step in trace["steps"]:
        whole = maps.get(step["step"])
        if whole is None:
            assert "attention_avg_final_layer" not in step
            continue
        found = np.array(step["attention_avg_final_layer"])
        assert np.allclose(found, whole[-1].mean(axis=0), atol=1e-5)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
        assert len(step["tokens" if step["step"] == 0 else "attention_tokens"]) == len(found)


def test_tokens_of_bytes_and_spaces_are_readable(
    trace: dict[str, Any], files: dict[str, bytes]
) -> None:
    tokens = trace["steps"][0]["tokens"]
    assert {"<0xE5>", " The", "$"} <= set(tokens)
    shown = texts_in(files["prompt_attention_heatmap.svg"])
    assert {"<0xE5>", "␣The", "$"} <= set(shown)
    assert f"→ {style.token(trace['steps'][1]['generated_token'])}" in shown


def test_the_bars_of_the_picture_are_the_probabilities(
    files: dict[str, bytes], trace: dict[str, Any]
) -> None:
    last = trace["steps"][-1]
    svg = files["final_step_token_probs.svg"]
    shown = texts_in(svg)
    labels = [style.token(text) for text in last["topk_tokens"]]
    assert [text for text in shown if text in labels][: len(labels)] == labels
    assert "Next token, last step, 9" in shown
    assert any("softmax of logits" in text for text in shown)
    bars = widths_of(svg, style.DATA, style.SOFT, style.CHOSEN)
    # The width of 100 % in points; the legend's boxes come after the rows.
    found = np.array(bars[:20]) / (72 * probabilities._BARS)
    assert np.allclose(found, last["topk_probs"], atol=1e-4)
    chosen = widths_of(svg, style.CHOSEN)
    assert chosen[0] / (72 * probabilities._BARS) == pytest.approx(last["prob"], abs=1e-4)


def test_the_cells_of_the_heatmap_are_the_shares(
    files: dict[str, bytes], trace: dict[str, Any]
) -> None:
    shares = np.array(trace["steps"][0]["attention_avg_final_layer"])
    cell = min(heatmaps._CELL, heatmaps._WIDEST / len(shares)) * style.DOTS_PER_INCH
    assert_cells(files["prompt_attention_heatmap.png"], shares, cell)


def assert_cells(png: bytes, shares: np.ndarray, cell: float) -> None:
    """The first map of a picture shows these shares; its first cell, which is 1, is the darkest."""
    with Image.open(io.BytesIO(png)) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
        assert picture.info["dpi"][0] == pytest.approx(style.DOTS_PER_INCH, abs=1)
    dark = np.array(mpl.colors.to_rgb(style.RAMP[-1])) * 255
    ((top, left), *_) = np.argwhere(np.abs(pixels - dark).max(axis=2) <= 2)
    ramp = style.ramp()
    for query, key in np.ndindex(shares.shape):
        x, y = left + (key + 0.5) * cell, top + (query + 0.5) * cell
        colour = ramp(math.sqrt(shares[query, key]))[:3] if key <= query else (1, 1, 1)
        assert np.abs(pixels[int(y), int(x)] - 255 * np.array(colour)).max() <= 3


def test_pictures_have_their_size_and_their_ink(files: dict[str, bytes]) -> None:
    for name, data in files.items():
        if not name.endswith(".png"):
            continue
        with Image.open(io.BytesIO(data)) as picture:
            wide, tall = picture.size
            ink = np.asarray(picture.convert("L"))
        size = ElementTree.fromstring(files[name.replace(".png", ".svg")]).get("viewBox")
        assert size is not None
        assert np.array(size.split()[2:], float) * style.DOTS_PER_INCH / 72 == pytest.approx(
            [wide, tall], abs=1.5
        )
        # Nothing exceeds the picture.
        edges = (ink[:8], ink[-8:], ink[:, :8], ink[:, -8:])
        assert all(edge.min() == 255 for edge in edges), name


def test_the_table_has_a_row_for_each_token(
    files: dict[str, bytes], trace: dict[str, Any], alone: RunRecord
) -> None:
    rows = list(csv.DictReader(io.StringIO(files["tokens.csv"].decode(), newline="")))
    read = len(trace["steps"][0]["tokens"])
    assert [row["step"] for row in rows] == ["0"] * read + [str(step) for step in range(1, 10)]
    assert [row["position"] for row in rows] == [str(position) for position in range(len(rows))]
    assert rows[0]["logprob"] == ""
    assert "".join(row["text"] for row in rows[read:]) == alone.text
    for row, token in zip(rows[read:], alone.tokens, strict=True):
        assert float(row["entropy"]) == pytest.approx(token.entropy)
        assert token.layers.resid_norm is not None
        assert float(row["resid_norm.6"]) == pytest.approx(float(token.layers.resid_norm[6]))


def test_the_report_contains_the_recording(files: dict[str, bytes], seen: ExploredRun) -> None:
    page = files["report.html"].decode()
    assert page.endswith(f'"{PLACEHOLDER}"'), "the page's own script keeps the word"
    tag, _, rest = page.partition('<script id="mav-recording"')[2].partition(">")
    assert 'data-view="panels=generated-text.top-predictions.attention-maps.' in tag
    held = rest.partition("</script>")[0]
    assert "<" not in held
    kinds = [from_json(line).type for line in held.strip().splitlines()]
    assert kinds == ["start", "prompt", *["token"] * 9, "done"]
    assert files["output.txt"].decode() == PROMPT + seen.record.text


@pytest.mark.parametrize("family", [style.SANS, style.SERIF, style.MONO])
def test_characters_of_other_scripts_are_drawn_where_a_font_has_them(
    fonts: Callable[..., None], tmp_path: Path, family: str
) -> None:
    def ink() -> float:
        """How much of a picture of these two characters is dark. A warning is an error here."""
        with style.drawing():
            figure = style.canvas(1, 1)
            text = style.drawable("北京")
            style.words(figure, 0.1, 0.5, text, family=style.families(family), style="italic")
            png = style.files_of(figure)["png"]
        return float((np.asarray(Image.open(io.BytesIO(png)).convert("L")) < 128).sum())

    fonts()
    assert style.drawable("é 北京") == "é U+5317U+4EAC"
    assert ink() > 0
    fonts(font_with("北京", "Noto Sans CJK SC", tmp_path / "cjk.ttf"))
    assert style.drawable("é 北京") == "é 北京"
    # Two squares of 0.8 em at 8.5 points and 200 dpi.
    assert ink() == pytest.approx(2 * (0.8 * 8.5 * 200 / 72) ** 2, rel=0.15)


def test_a_font_that_was_removed_is_not_used(fonts: Callable[..., None], tmp_path: Path) -> None:
    path = font_with("北京", "Noto Sans CJK SC", tmp_path / "cjk.ttf")
    fonts(path)
    Path(path).unlink()
    assert style.drawable("北") == "U+5317"
    with style.drawing():
        figure = style.canvas(1, 1)
        style.words(figure, 0.1, 0.5, style.drawable("北"), family=style.families(style.SERIF))
        assert style.files_of(figure)["png"]


def test_layers_and_heads_are_shown_on_request(tiny: Backend) -> None:
    found = see(tiny, layer="0,5", head="all")
    made = artifacts([found], ArtifactOptions(EVERY, 0))
    shown = texts_in(made["attn_step_4.svg"])
    assert {f"L{layer} H{head}" for layer in (0, 5) for head in range(4)} <= set(shown)
    read = len(found.prompt_tokens) + 3
    assert f"layers 0, 5, heads 0 to 3 · {read} tokens read" in shown
    attention = orjson.loads(made["trace.json"])["steps"][4]["attention"]
    assert attention["layers"] == [0, 5]
    assert attention["heads"] == [0, 1, 2, 3]
    whole = map_at(found.record, 3)
    assert whole is not None
    assert np.allclose(attention["pattern"], whole[[0, 5]])
    dots = round(heatmaps._MAP * style.DOTS_PER_INCH / read)
    assert_cells(made["attn_step_4.png"], whole[0, 0], dots)


def test_of_very_many_maps_rows_and_columns_are_named(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heatmaps, "_MOST_NAMED", 23)
    found = see(tiny, layer="all", head="all")
    made = artifacts([found], ArtifactOptions(EVERY, 0))
    shown = texts_in(made["attn_step_4.svg"])
    assert {*(f"L{layer}" for layer in range(6)), *(f"H{head}" for head in range(4))} <= set(shown)
    assert "L0 H0" not in shown
    whole = map_at(found.record, 3)
    assert whole is not None
    read = whole.shape[-1]
    dots = round(heatmaps._MAP * style.DOTS_PER_INCH / read)
    assert_cells(made["attn_step_4.png"], whole[0, 0], dots)
    # In SVG one pixel per cell, with all maps in one image.
    cells = max(images_in(made["attn_step_4.svg"]), key=lambda image: image.size)
    left = round(heatmaps._LEFT * style.DOTS_PER_INCH / dots)
    top = round(heatmaps._TOP * style.DOTS_PER_INCH / dots)
    step = read + round(heatmaps._NEAR * style.DOTS_PER_INCH / dots)
    ramp = style.ramp()
    for layer, head in np.ndindex(6, 4):
        x, y = left + head * step, top + layer * step
        drawn = cells[y : y + read, x : x + read, :3].astype(float)
        for query, key in np.ndindex(read, read):
            share = whole[layer, head, query, key]
            colour = ramp(math.sqrt(share))[:3] if key <= query else (1, 1, 1)
            assert np.abs(drawn[query, key] - 255 * np.array(colour)).max() <= 1


@pytest.mark.parametrize(
    ("layer", "head", "words"),
    [("6", "mean", "layers of mav-tiny: 0 to 5"), ("first", "mean", "give last, all"),
     ("0", "4", "heads of mav-tiny: 0 to 3"), ("0", "-1", "give mean, all")],
)  # fmt: skip
def test_a_layer_or_head_that_is_not_there_is_named(
    tiny: Backend, layer: str, head: str, words: str
) -> None:
    with pytest.raises(InvalidSettings, match=words):
        heads_of(layer, head, tiny.info)


def test_maps_beyond_the_engines_bound_are_put_together_from_rows(
    tiny: Backend, seen: ExploredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = len(seen.prompt_tokens)
    bound = "mav_engine.probes.attention_map.MAX_MAP_NUMBERS"
    monkeypatch.setattr(bound, 6 * 4 * (read + 1) ** 2)
    by_rows = see(tiny)
    assert by_rows.record.tokens[3].attention_map is None
    for index in (0, 3, 7):
        whole, put_together = map_at(seen.record, index), map_at(by_rows.record, index)
        assert whole is not None
        assert put_together is not None
        assert np.allclose(put_together, whole, atol=1e-6)
    page = artifacts([by_rows], ArtifactOptions(EVERY, 0, TEMPLATE))["report.html"].decode()
    assert 'data-view="panels=generated-text.top-predictions.attention-text.' in page
    monkeypatch.setattr(bound, 6 * 4 * (read - 1) ** 2)
    without = see(tiny)
    assert without.no_attention is not None
    assert f"the prompt has {read}" in without.no_attention
    made = artifacts([without], ArtifactOptions(EVERY, 0))
    assert not any("attn" in name or "attention" in name for name in made)
    assert orjson.loads(made["trace.json"])["attention_absent"] == without.no_attention


def test_two_models_stand_side_by_side(tiny: Backend, seen: ExploredRun) -> None:
    other = see(tiny, SETTINGS.model_copy(update={"max_new_tokens": 6, "temperature": 0.0}))
    assert other.record.start is not None
    other.record.start = replace(
        other.record.start, model=replace(other.record.start.model, name="other")
    )
    made = artifacts([seen, other], ArtifactOptions(EVERY, 5, TEMPLATE))
    for name in ("final_step_token_probs", "probs_step_5", "prompt_attention_heatmap"):
        assert {"mav-tiny", "other"} <= set(texts_in(made[f"{name}.svg"]))
    later = texts_in(made["attn_step_8.svg"])
    assert "wrote 6 tokens; its text ended before this step" in later
    trace = orjson.loads(made["trace.json"])
    assert trace["compare"]["model"] == "other"
    assert trace["compare"]["text"] == other.record.text
    rows = csv.DictReader(io.StringIO(made["tokens.csv"].decode(), newline=""))
    assert {row["model"] for row in rows} == {"mav-tiny", "other"}
    assert made["output_compare.txt"].decode() == PROMPT + other.record.text
    assert "report_compare.html" in made


def test_a_model_that_is_forced_reads_the_text_of_the_first(
    tiny: Backend, make_case: MakeCase, seen: ExploredRun
) -> None:
    llama = make_case("llama").backend
    messages: list[str] = []
    first, second = run_forced_pair(ask(tiny), ask(llama), messages.append)
    assert len(messages) == 9
    assert first.record.text == seen.record.text
    ids = [token.token.id for token in first.record.tokens]
    assert [token.token.id for token in second.record.tokens] == ids
    assert all(token.forced for token in second.record.tokens)
    # Equals its own run forced to that text, with the settings of its trace and report.
    alone = see(llama, SETTINGS.model_copy(update={"forced_ids": ids}))
    assert second.start.settings.forced_ids == ids
    made = artifacts([first, second], ArtifactOptions(EVERY, 5, TEMPLATE))
    trace = orjson.loads(made["trace.json"])["compare"]
    assert trace["follows"] == "mav-tiny"
    for step, own, apart in zip(
        trace["steps"][1:], alone.record.tokens, second.divergences, strict=True
    ):
        assert step["topk_tokens"] == [row.text for row in own.top]
        assert step["topk_probs"] == pytest.approx([row.prob for row in own.top], rel=1e-4)
        assert (step["divergence"]["kl"], step["divergence"]["same_text"]) == (apart.kl, True)
    whole, own_map = map_at(second.record, 7), map_at(alone.record, 7)
    assert whole is not None
    assert own_map is not None
    assert np.allclose(whole, own_map, atol=1e-5)
    kls = [each.kl for each in second.divergences]
    assert trace["divergence"]["mean_kl"] == pytest.approx(np.mean(kls))  # type: ignore[arg-type]
    shown = texts_in(made["probs_step_5.svg"])
    assert "Next token, step 5, both after the text of mav-tiny" in shown
    assert any(f"KL from the first {kls[4]:.4f} nats" in text for text in shown)
    assert "in the text" in shown
    assert "Attention, step 8, both after the text of mav-tiny" in texts_in(made["attn_step_8.svg"])
    rows = list(csv.DictReader(io.StringIO(made["tokens.csv"].decode(), newline="")))
    assert [row["kl"] for row in rows if row["kl"]] == [str(kl) for kl in kls]
    assert made["output.txt"] == made["output_compare.txt"]


def test_both_end_where_the_first_ends_and_must_have_the_same_tokens(tiny: Backend) -> None:
    settings = SETTINGS.model_copy(update={"max_new_tokens": 60, "prompt": "Once upon a time"})
    runs = [ask(tiny, settings, stop_rule=stop_rule) for stop_rule in (StopRule(5), StopRule(100))]
    first, second = run_forced_pair(runs[0], runs[1], lambda _: None)
    assert first.record.tokens[-1].text.endswith(".")
    assert len(second.record.tokens) == len(first.record.tokens) < 60
    stop_rule = [each.record.end for each in (first, second)]
    assert [end.reason for end in stop_rule if isinstance(end, Done)] == ["stop", "stop"]
    why = "fake cannot be forced to the text of mav-tiny: .* Use --compare-mode own"
    with pytest.raises(InvalidSettings, match=why):
        run_forced_pair(ask(tiny), ask(FakeBackend()), lambda _: None)


def test_a_text_ends_with_its_sentence_or_at_a_stop_word(tiny: Backend) -> None:
    longer = SETTINGS.model_copy(update={"max_new_tokens": 80, "prompt": "Once upon a time"})
    whole = see(tiny, longer).record
    texts = [token.text for token in whole.tokens]
    stops = [index for index, text in enumerate(texts) if text.endswith(".")]
    ended = see(tiny, longer, stop_rule=StopRule(stops[0] + 2)).record
    assert [token.text for token in ended.tokens] == texts[: stops[1] + 1]
    assert ended.end is not None
    assert orjson.loads(orjson.dumps(ended.end))["reason"] == "stop"
    word = next(text for text in texts[5:] if len(text) > 3)
    record = see(tiny, longer, stop_rule=StopRule(5, (word.strip()[:3],))).record
    assert record.tokens[-1].text == word
    assert len(record.tokens) < len(texts)
    before = see(tiny, longer, stop_rule=StopRule(5, (texts[1],))).record
    assert len(before.tokens) > 5, "what was said before does not count"
    assert texts[1] in before.tokens[-1].text or len(before.tokens) == len(texts)


def test_characters_without_a_glyph_are_shown_by_code_point_without_a_warning() -> None:
    before = dict(mpl.rcParams)
    with warnings.catch_warnings(), style.drawing():
        warnings.simplefilter("error")
        assert style.token("\U0001f9f8\n\x1b") == "U+1F9F8↵U+001B"
        figure = style.canvas(3, 1)
        style.words(figure, 0.1, 0.5, style.tail("costs $5\n\U0001f9f8 or $6", 40))
        assert texts_in(style.files_of(figure)["svg"]) == ["costs $5↵U+1F9F8 or $6"]
    assert dict(mpl.rcParams) == before


def test_files_are_complete_and_replace_those_of_an_earlier_run(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    check_writable(folder)
    assert not folder.parent.exists(), "trying leaves nothing"
    earlier = orjson.dumps({"files": ["trace.json", "attn_step_40.png", "../kept", "mine.md"]})
    write_whole(folder, {"trace.json": earlier, "attn_step_40.png": b"old"})
    for mine in (folder / "mine.md", folder.parent / "kept", folder / "attn_step_50.png"):
        mine.write_bytes(b"mine")
    write_whole(folder, {"trace.json": b"{}", "probs_step_10.png": b"new"})
    left = {path.name for path in folder.iterdir()}
    assert left == {"trace.json", "probs_step_10.png", "mine.md", "attn_step_50.png"}
    assert (folder.parent / "kept").exists()


def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "tokens.csv").mkdir()
    with pytest.raises(OSError, match="is a folder"):
        write_whole(tmp_path, {"output.txt": b"text", "tokens.csv": b"table"})
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.csv"]
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        check_writable(Path("/dev/null/out"))


def texts_in(svg: bytes) -> list[str]:
    """All texts of a picture; that they are there says that they can be searched and copied."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(each.itertext()) for each in found]


def images_in(svg: bytes) -> list[np.ndarray]:
    """All images of a picture."""
    found = []
    for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}image"):
        data = each.get("{http://www.w3.org/1999/xlink}href", "").partition(",")[2]
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            found.append(np.asarray(image.convert("RGBA")))
    return found


def widths_of(svg: bytes, *colours: str) -> list[float]:
    """Points that the boxes of these colours are wide, in their order."""
    paths = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")
    widths = []
    for path in paths:
        if any(f"fill: {colour}" in path.get("style", "") for colour in colours):
            positions = [float(x) for x in re.findall(r"[ML] (\S+) \S+", path.get("d", ""))]
            widths.append(max(positions) - min(positions))
    return widths
