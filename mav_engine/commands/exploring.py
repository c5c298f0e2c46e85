"""What `mav explore` does once its options are read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mav_engine.commands.ending import UNUSABLE, fail, write_lines
from mav_engine.commands.models_here import catalog_here, loaded

if TYPE_CHECKING:
    from mav_engine.explore.artifacts import Wanted
    from mav_engine.explore.seen import Seen, SeenRun
    from mav_engine.settings import RunSettings

SETTINGS = (
    "prompt", "max_new_tokens", "temperature", "top_p", "repetition_penalty",
    "no_repeat_ngram_size", "block_eos_steps", "block_ws_steps", "seed",
)  # fmt: skip
"""Options that are run settings by the same name."""


def explored(options: Mapping[str, Any]) -> None:
    """Run, draw and write, as the options of the command say.

    Raises:
        MavError: an option, a model or the installation cannot give what is asked for.
    """
    from mav_engine.explore import look
    from mav_engine.explore.artifacts import artifacts
    from mav_engine.explore.folder import check_writable, write_whole
    from mav_engine.explore.following import follow

    forced = options["compare_mode"] == "forced"
    if forced and options["compare_model"] is None:
        fail("--compare-mode forced needs a second model; name it by --compare-model.", UNUSABLE)
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
        runs = _runs(settings, options, tell)
        seen = follow(runs[0], runs[1], tell) if forced else [_seen(run, tell) for run in runs]
        files = artifacts(seen, wanted, lambda name: tell(f"Drawing {name} …"))
    write_whole(folder, files)
    if wanted.template is None:
        _note(
            "report.html is left out: the site, whose page it is, is not built; make run builds it."
        )
    _tell_all(seen, files, folder, options["as_json"])


def _settings(options: Mapping[str, Any], model: str) -> RunSettings:
    from mav_engine.errors import InvalidSettings
    from mav_engine.explore.seen import capturing
    from mav_engine.settings import RunSettings

    longest = options["max_new_tokens"]
    given = {name: options[name] for name in SETTINGS}
    try:
        settings = RunSettings(
            **given,
            model=model,
            # There is no such control in Model Interpret Explorer.
            top_k=0,
            # It takes a least number above the most, as its own defaults are.
            min_new_tokens=min(options["min_new_tokens"], max(longest, 0)),
            top_n=options["topk"],
        )
    except InvalidSettings as error:
        error.detail = error.detail.replace("top_n", "topk")
        raise
    return capturing(settings, options["attn_every"])


def _wanted(options: Mapping[str, Any]) -> Wanted:
    from mav_engine.config import read_environment
    from mav_engine.explore.artifacts import Wanted
    from mav_engine.explore.report import template_in

    template = template_in(read_environment(os.environ).site_dir)
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
    from mav_engine.contract.events import Error, Token
    from mav_engine.results.result import RunRecord

    record = RunRecord()
    for event in record.kept(run.events()):
        if isinstance(event, Token):
            tell(f"{run.name}: token {event.index + 1} …")
        elif isinstance(event, Error):
            fail(f"{event.title}: {event.detail}")
    return run.seen(record)


def _tell_all(seen: list[Seen], files: Mapping[str, bytes], folder: Path, as_json: bool) -> None:
    for each in seen:
        if each.unseen is not None:
            _note(f"No attention of {each.name} is shown: {each.unseen}")
    if "prompt_attention_heatmap.png" not in files and all(each.unseen is None for each in seen):
        _note("No attention is shown: the layers of --attn-layer have none; name others.")
    if as_json or not sys.stdout.isatty():
        from mav_engine.contract.json_lines import json_line

        write_lines(
            json_line({"file": name, "path": str(folder / name), "bytes": len(data)})
            for name, data in files.items()
        )
        return
    from mav_engine.terminal.labels import prose

    for each in seen:
        read = prose(each.text_before(each.steps + 1)) if each.follows is None else _apart(each)
        typer.echo(f"{each.name}:\n\n{read}\n")
    typer.echo(f"{len(files)} files in {folder}:")
    for name, data in files.items():
        typer.echo(f"  {name:<32} {len(data) / 1000:>9,.1f} kB")
    if "report.html" in files:
        typer.echo("\nreport.html replays the run in any browser.")


def _apart(seen: Seen) -> str:
    """How far a model is from the one whose text it was forced to."""
    told = seen.compared
    kls = "" if told is None or told.mean_kl is None or told.max_kl is None else (
        f": KL mean {told.mean_kl:.4f}, most {told.max_kl:.4f} nats"
    )  # fmt: skip
    tops = "" if told is None or told.same_top is None else (
        f", same likeliest token {told.same_top:.0%}"
    )  # fmt: skip
    return f"reads the text of {seen.follows}{kls}{tops}."


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
