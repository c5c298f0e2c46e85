"""`mav explore`: saves a run as files, with the options of Model Interpret Explorer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import (
    USAGE_ERROR,
    exit_on_error,
    exit_on_sigterm,
    fail,
    write_lines,
)
from mav_engine.commands.model_lookup import complete_model, load_local_model, local_catalog

if TYPE_CHECKING:
    from mav_engine.explore.artifacts import ArtifactOptions
    from mav_engine.explore.explored_run import Exploration, ExploredRun
    from mav_engine.settings import RunSettings

DASHED = {"token_normalize_func": lambda name: name.replace("_", "-")}
"""Options may be written with underscores, as in Model Interpret Explorer."""
_SETTINGS = (
    "prompt", "max_new_tokens", "temperature", "top_p", "repetition_penalty",
    "no_repeat_ngram_size", "block_eos_steps", "block_ws_steps", "seed",
)  # fmt: skip
"""Options that are run settings of the same name."""
_ATTENTION = "Attention"


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


_MinNewTokens = Annotated[
    int,
    _option(
        opt.RUN,
        "Minimum number of tokens; after that, the text ends at the end of a sentence. More than "
        "--max-new-tokens means all of them.",
        min=0,
    ),
]
_StopOn = Annotated[
    list[str] | None,
    _option(
        opt.RUN, "End at this text, after --min-new-tokens, instead of a sentence; repeatable."
    ),
]
_CompareModel = Annotated[
    str | None,
    _option(
        opt.RUN,
        "A second model, shown next to the first in every picture.",
        autocompletion=complete_model,
    ),
]
_CompareMode = Annotated[
    Literal["own", "forced"],
    _option(
        opt.RUN,
        "own: the second model writes its own text; forced: it is forced to the first's text, so "
        "that both predict after the same words.",
    ),
]
_NoRepeat = Annotated[
    int, _option(opt.SAMPLING, "Never repeat a group of this many tokens; 0 is off.")
]
_BlockEos = Annotated[int, _option(opt.SAMPLING, "No end-of-text in the first N steps.")]
_BlockWs = Annotated[
    int, _option(opt.SAMPLING, "No token of only white space in the first N steps.")
]
_TopK = Annotated[
    int,
    _option(opt.DISPLAY, "Predictions to show for each step, 1 to 100; does not affect sampling."),
]
_ProbsEvery = Annotated[
    int, _option(opt.DISPLAY, "A picture of the prediction every N steps; 0 is off.", min=0)
]
_AttnEvery = Annotated[
    int,
    _option(_ATTENTION, "A picture of attention every N steps; 0 is only the prompt's.", min=0),
]
_AttnLayer = Annotated[
    str, _option(_ATTENTION, "Layers to show: last, all, or comma-separated numbers from 0.")
]
_AttnHead = Annotated[
    str, _option(_ATTENTION, "Heads to show: mean, all, or comma-separated numbers from 0.")
]
_OutDir = Annotated[Path, _option(opt.OUTPUT, "The folder for all files; created if necessary.")]
_Json = Annotated[
    bool,
    _option(
        opt.OUTPUT,
        "Print each file as a JSON line; the default if output is not a terminal.",
        "--json",
    ),
]


def explore(
    context: typer.Context,
    prompt: opt.Prompt = "Once upon a time",
    model: opt.Model = None,
    compare_model: _CompareModel = None,
    compare_mode: _CompareMode = "own",
    max_new_tokens: opt.MaxNewTokens = 30,
    min_new_tokens: _MinNewTokens = 40,
    stop_on: _StopOn = None,
    device: opt.Device = "cpu",
    backend: opt.Backend = "transformers",
    temperature: opt.Temperature = 0.8,
    top_p: opt.TopP = 0.9,
    repetition_penalty: opt.RepetitionPenalty = 1.1,
    no_repeat_ngram_size: _NoRepeat = 3,
    block_eos_steps: _BlockEos = 5,
    block_ws_steps: _BlockWs = 8,
    seed: opt.Seed = 42,
    topk: _TopK = 20,
    probs_every: _ProbsEvery = 10,
    attn_every: _AttnEvery = 0,
    attn_layer: _AttnLayer = "last",
    attn_head: _AttnHead = "mean",
    outdir: _OutDir = Path("explore"),
    as_json: _Json = False,
) -> None:
    """Run a model and save its internals as files: a trace, PNG and SVG, a page that replays it.

    \b
    [bold]Examples[/bold]
      mav explore --prompt "The little fox"              all files into ./explore
      mav explore --model gpt2 --attn_every 10           attention during the run
      mav explore --attn-layer all --attn-head all       every head of every layer
      mav explore --compare-model mav-tiny@int8-dynamic  two models side by side
      mav explore --compare-model ./mine --compare-mode forced  both on one text
    """
    with exit_on_error(), exit_on_sigterm():
        _explore(context.params)


def _explore(options: Mapping[str, Any]) -> None:
    """Run the model, draw and write the files.

    Raises:
        MavError: an option is invalid, a model cannot be loaded, or a package is missing.
    """
    from mav_engine.explore import style
    from mav_engine.explore.artifacts import artifacts
    from mav_engine.explore.folder import check_writable, write_whole
    from mav_engine.explore.forced_pair import run_forced_pair

    forced = options["compare_mode"] == "forced"
    if forced and options["compare_model"] is None:
        fail("--compare-mode forced needs a second model: add --compare-model.", USAGE_ERROR)
    names = [options["model"] or local_catalog().default]
    names += [options["compare_model"]] if options["compare_model"] is not None else []
    settings = [_settings(options, name) for name in names]
    style.require()
    folder: Path = options["outdir"]
    try:
        check_writable(folder)
    except OSError as error:
        why = error.strerror or error
        fail(f"The folder {folder} is not writable: {why}. Choose another with --outdir.")
    wanted = _artifact_options(options)
    with _progress_line(sys.stdout.isatty() and not options["as_json"]) as progress:
        planned = _plan(settings, options, progress)
        if forced:
            runs = run_forced_pair(planned[0], planned[1], progress)
        else:
            runs = [_run_to_end(each, progress) for each in planned]
        files = artifacts(runs, wanted, lambda name: progress(f"Drawing {name} …"))
    write_whole(folder, files)
    if wanted.template is None:
        _note("report.html is left out, since the site is not built; `make run` builds it.")
    _print_summary(runs, files, folder, options["as_json"])


def _settings(options: Mapping[str, Any], model: str) -> RunSettings:
    from mav_engine.errors import InvalidSettings
    from mav_engine.explore.explored_run import with_capture
    from mav_engine.settings import RunSettings

    longest = options["max_new_tokens"]
    given = {name: options[name] for name in _SETTINGS}
    try:
        settings = RunSettings(
            **given,
            model=model,
            # Model Interpret Explorer has no top-k.
            top_k=0,
            # Model Interpret Explorer allows a minimum above the maximum, as its defaults have.
            min_new_tokens=min(options["min_new_tokens"], max(longest, 0)),
            top_n=options["topk"],
        )
    except InvalidSettings as error:
        error.detail = error.detail.replace("top_n", "topk")
        raise
    return with_capture(settings, options["attn_every"])


def _artifact_options(options: Mapping[str, Any]) -> ArtifactOptions:
    from mav_engine.config import read_environment
    from mav_engine.explore.artifacts import ArtifactOptions
    from mav_engine.explore.report import template_in

    template = template_in(read_environment(os.environ).site_dir)
    used = {name: value for name, value in options.items() if name not in ("outdir", "as_json")}
    return ArtifactOptions(options["attn_every"], options["probs_every"], template, used)


def _plan(
    settings: list[RunSettings], options: Mapping[str, Any], progress: Callable[[str], None]
) -> list[Exploration]:
    """Load the models and check all options against them."""
    from mav_engine.explore.attention import heads_of
    from mav_engine.explore.explored_run import Exploration, StopRule

    stop_rule = StopRule(options["min_new_tokens"], tuple(options["stop_on"] or ()))
    backends: dict[str, Any] = {}
    runs = []
    for each in settings:
        if each.model not in backends:
            progress(f"Loading {each.model} …")
            backends[each.model] = load_local_model(
                each.model, options["device"], options["backend"]
            )
        backend = backends[each.model]
        heads = heads_of(options["attn_layer"], options["attn_head"], backend.info)
        runs.append(Exploration(each, backend, heads, stop_rule))
    return runs


def _run_to_end(run: Exploration, progress: Callable[[str], None]) -> ExploredRun:
    """Compute a run to its end; an error of the run ends the command."""
    from mav_engine.contract.events import Error, Token
    from mav_engine.results.result import RunRecord

    record = RunRecord()
    for event in record.kept(run.events()):
        if isinstance(event, Token):
            progress(f"{run.name}: token {event.index + 1} …")
        elif isinstance(event, Error):
            fail(f"{event.title}: {event.detail}")
    return run.finished(record)


def _print_summary(
    runs: list[ExploredRun], files: Mapping[str, bytes], folder: Path, as_json: bool
) -> None:
    for each in runs:
        if each.no_attention is not None:
            _note(f"No attention of {each.name} is shown: {each.no_attention}")
    if "prompt_attention_heatmap.png" not in files and all(
        each.no_attention is None for each in runs
    ):
        _note("No attention is shown, because the layers of --attn-layer have none.")
    if as_json or not sys.stdout.isatty():
        from mav_engine.contract.json_lines import json_line

        write_lines(
            json_line({"file": name, "path": str(folder / name), "bytes": len(data)})
            for name, data in files.items()
        )
        return
    from mav_engine.terminal.labels import prose

    for each in runs:
        read = prose(each.text_before(each.steps + 1)) if each.forced_to is None else _apart(each)
        typer.echo(f"{each.name}:\n\n{read}\n")
    typer.echo(f"{len(files)} files in {folder}:")
    for name, data in files.items():
        typer.echo(f"  {name:<32} {len(data) / 1000:>9,.1f} kB")
    if "report.html" in files:
        typer.echo("\nreport.html replays the run in any browser.")


def _apart(run: ExploredRun) -> str:
    """How far a forced model diverges from the other one."""
    compared = run.compared
    kls = "" if compared is None or compared.mean_kl is None or compared.max_kl is None else (
        f": KL mean {compared.mean_kl:.4f}, most {compared.max_kl:.4f} nats"
    )  # fmt: skip
    tops = "" if compared is None or compared.same_top is None else (
        f", same likeliest token {compared.same_top:.0%}"
    )  # fmt: skip
    return f"forced to the text of {run.forced_to}{kls}{tops}."


def _note(words: str) -> None:
    typer.echo(f"mav: {' '.join(words.split())}", err=True)


@contextmanager
def _progress_line(wanted: bool) -> Iterator[Callable[[str], None]]:
    """Yields a function that shows progress on a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Checking the options …", spinner="dots") as status:
        yield lambda words: status.update(words.replace("[", r"\["))
