"""`mav explore`: a run as files to keep, with the options of Model Interpret Explorer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.ending import ended_by_a_kill, fail, told, write_lines
from mav_engine.commands.models_here import catalog_here, complete_model, loaded

if TYPE_CHECKING:
    from mav_engine.explore.artifacts import Wanted
    from mav_engine.explore.seen import Seen, SeenRun
    from mav_engine.settings import RunSettings

DASHED = {"token_normalize_func": lambda name: name.replace("_", "-")}
"""Options may be written with underscores, as Model Interpret Explorer writes them."""
ATTENTION, COMPARE = "Attention", "Compare"
SETTINGS = (
    "prompt", "max_new_tokens", "temperature", "top_p", "repetition_penalty",
    "no_repeat_ngram_size", "block_eos_steps", "block_ws_steps", "seed",
)  # fmt: skip
"""Options that are run settings by the same name."""


def _sampling(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=opt.SAMPLING)


def explore(
    context: typer.Context,
    prompt: opt.Prompt = "Once upon a time",
    model: opt.Model = None,
    max_new_tokens: opt.MaxNewTokens = 30,
    min_new_tokens: Annotated[
        int,
        typer.Option(
            help="No end before so many; from then on the text ends with a sentence. More than "
            "--max-new-tokens is all of them.",
            rich_help_panel=opt.RUN,
            min=0,
        ),
    ] = 40,
    stop_on: Annotated[
        list[str] | None,
        typer.Option(
            help="End there, after --min-new-tokens, instead of with a sentence; repeatable.",
            rich_help_panel=opt.RUN,
        ),
    ] = None,
    device: opt.Device = "cpu",
    backend: opt.Backend = "transformers",
    temperature: opt.Temperature = 0.8,
    top_p: opt.TopP = 0.9,
    repetition_penalty: opt.RepetitionPenalty = 1.1,
    no_repeat_ngram_size: Annotated[
        int, _sampling("No group of so many tokens is written twice; 0 is off.")
    ] = 3,
    block_eos_steps: Annotated[int, _sampling("No end-of-text in the first so many steps.")] = 5,
    block_ws_steps: Annotated[
        int, _sampling("No token of white space only in the first so many steps.")
    ] = 8,
    seed: opt.Seed = 42,
    topk: Annotated[
        int,
        typer.Option(
            help="Predictions to show of each step, 1 to 100; draws from all of them.",
            rich_help_panel=opt.LOOK,
        ),
    ] = 20,
    probs_every: Annotated[
        int,
        typer.Option(
            help="A picture of the prediction every so many steps; 0 is off.",
            rich_help_panel=opt.LOOK,
            min=0,
        ),
    ] = 10,
    attn_every: Annotated[
        int,
        typer.Option(
            help="A picture of attention every so many steps; 0 is the prompt's alone.",
            rich_help_panel=ATTENTION,
            min=0,
        ),
    ] = 0,
    attn_layer: Annotated[
        str,
        typer.Option(
            help="Layers to show: last, all, or numbers from 0 with commas.",
            rich_help_panel=ATTENTION,
        ),
    ] = "last",
    attn_head: Annotated[
        str,
        typer.Option(
            help="Heads to show: mean of all, all, or numbers from 0 with commas.",
            rich_help_panel=ATTENTION,
        ),
    ] = "mean",
    compare_model: Annotated[
        str | None,
        typer.Option(
            help="A second model, beside the first in every picture; it writes its own text.",
            rich_help_panel=COMPARE,
            autocompletion=complete_model,
            show_default=False,
        ),
    ] = None,
    outdir: Annotated[
        Path,
        typer.Option(help="The folder for all files; made if need be.", rich_help_panel=opt.OUTPUT),
    ] = Path("explore"),
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Tell each file as a JSON line, as also where output is no terminal.",
            rich_help_panel=opt.OUTPUT,
        ),
    ] = False,
) -> None:
    """Run a model and keep its insides as files: a trace, PNG and SVG, a page that replays it.

    \b
    [bold]Examples[/bold]
      mav explore --prompt "The little fox"              all files into ./explore
      mav explore --model gpt2 --attn_every 10           attention at steps 10, 20, 30
      mav explore --attn-layer all --attn-head all       every head of every layer
      mav explore --compare-model mav-tiny@int8-dynamic  two models side by side
    """
    with told(), ended_by_a_kill():
        _explore(context.params)


def _explore(options: Mapping[str, Any]) -> None:
    from mav_engine.explore import look
    from mav_engine.explore.artifacts import artifacts
    from mav_engine.explore.folder import check_writable, write_whole

    names = [options["model"] or catalog_here().default]
    names += [options["compare_model"]] if options["compare_model"] is not None else []
    settings = [_settings(options, name) for name in names]
    look.require()
    folder: Path = options["outdir"]
    try:
        check_writable(folder)
    except OSError as error:
        why = error.strerror or error
        fail(f"Nothing can be written into the folder {folder}: {why}. Name another by --outdir.")
    wanted = _wanted(options)
    with _telling(sys.stdout.isatty() and not options["as_json"]) as tell:
        seen = [_seen(run, tell) for run in _runs(settings, options, tell)]
        files = artifacts(seen, wanted, lambda name: tell(f"Drawing {name} …"))
    write_whole(folder, files)
    _tell_all(seen, files, folder, options["as_json"])


def _settings(options: Mapping[str, Any], model: str) -> RunSettings:
    from mav_engine.explore.seen import capture_for
    from mav_engine.settings import RunSettings

    longest = options["max_new_tokens"]
    return RunSettings(
        **{name: options[name] for name in SETTINGS},
        model=model,
        # There is no such control in Model Interpret Explorer.
        top_k=0,
        # It takes a least number above the most, as its own defaults are.
        min_new_tokens=min(options["min_new_tokens"], max(longest, 0)),
        top_n=options["topk"],
        capture=capture_for(options["attn_every"]),
    )


def _wanted(options: Mapping[str, Any]) -> Wanted:
    from api.operator_settings import read_environment
    from mav_engine.explore.artifacts import Wanted
    from mav_engine.explore.report import template_in

    template = template_in(read_environment(os.environ).site_dir)
    if template is None:
        _note("report.html is left out: the site, whose page it is, is not built; make run builds it.")
    told = {name: value for name, value in options.items() if name not in ("outdir", "as_json")}
    return Wanted(options["attn_every"], options["probs_every"], template, told)


def _runs(
    settings: list[RunSettings], options: Mapping[str, Any], tell: Callable[[str], None]
) -> list[SeenRun]:
    """The runs, their models loaded and all options checked against them."""
    from mav_engine.explore.attention import heads_of
    from mav_engine.explore.seen import Ending, SeenRun

    ends = Ending(options["min_new_tokens"], tuple(options["stop_on"] or ()))
    backends: dict[str, Any] = {}
    runs = []
    for each in settings:
        if each.model not in backends:
            tell(f"Loading {each.model} …")
            backends[each.model] = loaded(each.model, options["device"], options["backend"])
        backend = backends[each.model]
        heads = heads_of(options["attn_layer"], options["attn_head"], backend.info)
        runs.append(SeenRun(each, backend, heads, ends))
    return runs


def _seen(run: SeenRun, tell: Callable[[str], None]) -> Seen:
    """Compute a run to its end; a run that breaks off ends the command."""
    from mav_engine.events import Error, Token
    from mav_engine.results import RunRecord

    record = RunRecord()
    for event in record.kept(run.events()):
        if isinstance(event, Token):
            tell(f"{run.name}: token {event.index + 1} …")
        elif isinstance(event, Error):
            fail(f"{event.title}: {event.detail}")
    return run.seen(record)


def _tell_all(
    seen: list[Seen], files: Mapping[str, bytes], folder: Path, as_json: bool
) -> None:
    for each in seen:
        if each.unseen is not None:
            _note(f"No attention of {each.name} is shown: {each.unseen}")
    if as_json or not sys.stdout.isatty():
        import orjson

        write_lines(
            orjson.dumps({"file": name, "path": str(folder / name), "bytes": len(data)})
            for name, data in files.items()
        )
        return
    from mav_engine.terminal.labels import prose

    for each in seen:
        typer.echo(f"{each.name}:\n\n{prose(each.text_before(each.steps + 1))}\n")
    typer.echo(f"{len(files)} files in {folder}:")
    for name, data in files.items():
        typer.echo(f"  {name:<32} {len(data) / 1000:>9,.0f} kB")


def _note(words: str) -> None:
    typer.echo(f"mav: {' '.join(words.split())}", err=True)


@contextmanager
def _telling(wanted: bool) -> Iterator[Callable[[str], None]]:
    """Gives what says on a terminal what is being done."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Looking at the options …", spinner="dots") as status:
        yield lambda words: status.update(words.replace("[", r"\["))
