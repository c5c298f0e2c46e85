"""`mav`: the command line. Commands import what they need when they are called."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated, Any

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.compare import compare
from mav_engine.commands.doctor import doctor
from mav_engine.commands.exit_status import INTERRUPTED, USAGE_ERROR, fail
from mav_engine.commands.explore import DASHED, explore
from mav_engine.commands.export_site import export_site
from mav_engine.commands.keys import keys
from mav_engine.commands.mcp import mcp
from mav_engine.commands.models import models
from mav_engine.commands.plugins import plugins
from mav_engine.commands.replay import replay
from mav_engine.commands.repository_commands import PASS_OPTIONS_ON, bench, train
from mav_engine.commands.serve import serve
from mav_engine.idle_threads import sleep_when_idle
from mav_engine.terminal.plain import use_stand_ins
from mav_engine.wording import shortened

_EXAMPLES = """Watch a language model think.

\b
[bold]Examples[/bold]
  mav                                            the usual panels
  mav --prompt "The little fox" --temp 0.8       sample; --seed 7 for another
  mav --model gpt2 --interactive                 step, back, fork
  mav --selected-panels logit_lens tiles         further panels
  mav --prompt "The sun" | jq -c .text           JSON lines in a pipe
  mav --record run.jsonl; mav replay run.jsonl   record and replay a run
  mav explore --prompt "The sun"                 a run as files: PNG, SVG, HTML, JSON
  mav serve                                      the site, with all panels
  mav export-site public                         the site for a static host
  mav mcp                                        tools for an assistant
"""

app = typer.Typer(
    name="mav",
    help=_EXAMPLES,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve)
app.command(context_settings=DASHED)(explore)
app.command()(replay)
app.command()(compare)
app.add_typer(models, name="models")
app.add_typer(keys, name="keys")
app.command()(export_site)
app.command(context_settings=PASS_OPTIONS_ON)(train)
app.command(context_settings=PASS_OPTIONS_ON)(bench)
app.command()(mcp)
app.command()(doctor)
app.command()(plugins)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the `mav` command. Errors are one line and an exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    use_stand_ins()
    sleep_when_idle()
    try:
        status = app(joined(given), standalone_mode=False, prog_name="mav")
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        typer.echo(f"mav: {_explained(error, given)}", err=True)
        status = USAGE_ERROR
    sys.exit(status if isinstance(status, int) else 0)


def joined(arguments: Sequence[str]) -> list[str]:
    """Join the words after --selected-panels into one argument, since OpenMAV takes several."""
    done: list[str] = []
    taking = False
    for place, word in enumerate(arguments):
        if word == "--":
            return [*done, *arguments[place:]]
        if taking and not word.startswith("-"):
            begun = done[-1] != "--selected-panels"
            done[-1:] = [f"{done[-1]},{word}"] if begun else [done[-1], word]
            continue
        taking = word == "--selected-panels"
        done.append(word)
    return done


def _explained(error: Any, given: Sequence[str]) -> str:
    """One line about an invalid command line, with a suggestion."""
    near = getattr(error, "possibilities", None)
    if near:
        return f"There is no option {error.option_name}. Did you mean {near[0]}?"
    message = " ".join(error.format_message().split()).replace("Value error, ", "")
    plain, guess, _ = message.partition(" Did you mean")
    if guess and "/" not in plain:
        return f"{message} See mav --help."
    # A path is not a misspelled command.
    return f"{shortened(plain, 200)}{_prompt_hint(error, plain, given)} See mav --help."


_STRAY_WORDS = re.compile(
    r"No such command '(?P<command>.+)'\.|Got unexpected extra argument\(s\) \((?P<extra>.+)\)"
)


def _prompt_hint(error: Any, message: str, given: Sequence[str]) -> str:
    """For words without an option: the command that uses them as prompt or model."""
    stray = _STRAY_WORDS.fullmatch(message)
    command: Any = getattr(getattr(error, "ctx", None), "command", None)
    options = {each.name for each in getattr(command, "params", [])}
    if stray is None or "prompt" not in options:
        return ""
    words = _words_around(stray["command"] or stray["extra"], given)
    name = "mav" if command.name == "mav" else f"mav {command.name}"
    prompt = f"{name} --prompt {_quoted(' '.join(words))}"
    if len(words) > 1 or " " in words[0] or "model" not in options:
        return f" To continue a text: {prompt}."
    return f" To continue a text: {prompt}. To choose a model: {name} --model {words[0]}."


def _words_around(stray: str, given: Sequence[str]) -> list[str]:
    """All words of an unquoted text, one of which was taken as a command or value."""
    first = next((each for each in given if each and stray.startswith(each)), stray)
    if first not in given:
        return [stray]
    begin = given.index(first)
    words = list(takewhile(lambda word: not word.startswith("-"), given[begin:]))
    # In `--prompt Once upon a time` the first word is the option's value.
    return [given[begin - 1], *words] if begin > 1 and given[begin - 2] == "--prompt" else words


def _quoted(text: str) -> str:
    """A shortened text, quoted for a shell."""
    text = shortened(text)
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mav {version('mav-engine')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _watch(
    context: typer.Context,
    model: opt.Model = None,
    prompt: opt.Prompt = "Once upon a time",
    max_new_tokens: opt.MaxNewTokens = 200,
    device: opt.Device = "cpu",
    backend: opt.Backend = "transformers",
    temp: opt.Temperature = 0.0,
    top_k: opt.TopK = 50,
    top_p: opt.TopP = 1.0,
    min_p: opt.MinP = 0.0,
    repetition_penalty: opt.RepetitionPenalty = 1.0,
    seed: opt.Seed = 42,
    stop: opt.Stop = None,
    selected_panels: opt.SelectedPanels = None,
    num_grid_rows: opt.NumGridRows = 2,
    interactive: opt.Interactive = False,
    refresh_rate: opt.RefreshRate = 0.2,
    scale: opt.Scale = "linear",
    aggregation: opt.Aggregation = "l2",
    limit_chars: opt.LimitChars = 400,
    max_bar_length: opt.MaxBarLength = 35,
    as_json: opt.Json = False,
    record: opt.Record = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        _refuse_options_before_command(context)
        return
    from mav_engine.commands.run_command import run_command

    run_command(context.params)


def _refuse_options_before_command(context: typer.Context) -> None:
    """Refuse options before a subcommand, which would be ignored."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.replace("_", "-").removeprefix("as-")
            command = context.invoked_subcommand
            fail(
                f"--{option} must come after {command}; for its options see mav {command} --help.",
                USAGE_ERROR,
            )
