"""`python -m bench.llama_cpp FILE.gguf`: MAV beside llama.cpp on one file, with as many threads.

Tokens per second of both in turn (medians), MAV with the five default probes; and how far the
logits are apart. llama.cpp rounds activations to eight bits before a product with quantized
weights. What that may change is measured by llama.cpp itself: on the file, and on the same file
with its weights in float32, where its products are exact. So the bound is

    |MAV - llama.cpp on the file| <= |llama.cpp on float32 - llama.cpp on the file| + 1e-4 * scale

for each logit, with the largest logit as the scale, and MAV agrees with llama.cpp on float32 to
1e-4 of it.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import numpy as np
import typer

from bench.threads import use_threads
from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.contract.events import Done
from mav_engine.settings import DEFAULT_PROBES

PROMPT = "Once upon a time, there was a little girl who lived in a small house near the woods."
EXACT = 1e-4
"""Most difference of logits where no activation is rounded, relative to the largest logit."""


class LlamaCpp:
    """llama.cpp in a process of its own; a context manager that ends it.

    Args:
        python: the Python that has llama-cpp-python.
        threads: its threads.
    """

    def __init__(self, python: Path, threads: int) -> None:
        worker = Path(__file__).with_name("llama_cpp_worker.py")
        self._threads = threads
        # -P: this folder has a module of llama.cpp's name, too.
        self._process = subprocess.Popen(
            [str(python), "-P", str(worker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> LlamaCpp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.kill()
        self._process.wait()

    def generate(self, file: Path, ids: list[int], count: int) -> float:
        """Tokens per second after the first, greedy."""
        answer = self._ask(work="generate", path=str(file), ids=ids, count=count)
        return 1 / float(answer["seconds"])

    def logits(self, file: Path, ids: list[int]) -> np.ndarray:
        """[tokens, vocabulary] logits after each token."""
        answer = self._ask(work="logits", path=str(file), ids=ids)
        data = base64.b64decode(answer["data"])
        return np.frombuffer(data, np.float32).reshape(answer["shape"])

    def _ask(self, **asked: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({**asked, "threads": self._threads}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("llama.cpp has ended; its message is above.")
        return json.loads(line)


def generate(backend: Backend, count: int) -> float:
    """Tokens per second of MAV after the first, with the default probes."""
    settings = RunSettings(
        prompt=PROMPT, max_new_tokens=count, min_new_tokens=count, capture=list(DEFAULT_PROBES)
    )
    *_, last = run(settings, backend=backend)
    assert isinstance(last, Done)
    assert last.tokens_per_second is not None
    return last.tokens_per_second


def logits(backend: Backend, ids: list[int]) -> np.ndarray:
    """[tokens, vocabulary] logits of MAV after each token."""
    session = backend.open(frozenset(), len(ids) + 1)
    try:
        rows = [np.array(session.prefill(ids[:1]).step.logits)]
        rows += [np.array(session.step(each).logits) for each in ids[1:]]
    finally:
        session.close()
    return np.stack(rows)


def write_float32(file: Path, to: Path) -> None:
    """Write the file again with all weights in float32."""
    import gguf

    reader = gguf.GGUFReader(str(file))
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(to, architecture)
    for name, each in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = each.types[0]
        part = each.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, each.contents(), kind, part)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def differences(ours: np.ndarray, exact: np.ndarray, rounded: np.ndarray) -> dict[str, float]:
    """How far logits are apart, relative to the largest of `exact`.

    Args:
        ours: [tokens, vocabulary] of MAV.
        exact: of llama.cpp with float32 weights.
        rounded: of llama.cpp on the file.
    """
    scale = float(np.abs(exact).max())
    allowed = np.abs(exact - rounded) + EXACT * scale
    return {
        "exact": float(np.abs(ours - exact).max()) / scale,
        "file": float(np.abs(ours - rounded).max()) / scale,
        "rounding": float(np.abs(exact - rounded).max()) / scale,
        "beyond": float((np.abs(ours - rounded) > allowed).mean()),
        "same": float((ours.argmax(-1) == rounded.argmax(-1)).mean()),
    }


def main(
    file: Annotated[Path, typer.Argument(help="The GGUF file.", exists=True)],
    python: Annotated[
        Path, typer.Option(help="The Python that has llama-cpp-python (make test-servers).")
    ] = Path(".venv-servers/bin/python"),
    threads: Annotated[int, typer.Option(help="Threads of both.")] = 2,
    rounds: Annotated[int, typer.Option(help="Measurements of each, in turn.")] = 5,
    length: Annotated[int, typer.Option(help="New tokens of a measurement.")] = 64,
) -> None:
    """Print tokens per second, their ratio, and the differences of the logits."""
    use_threads(threads)
    backend = load_backend(str(file), device="cpu")
    ids = backend.encode_prompt(PROMPT)
    with LlamaCpp(python, threads) as llama, tempfile.TemporaryDirectory() as folder:
        exact_file = Path(folder) / "float32.gguf"
        write_float32(file, exact_file)
        found = differences(
            logits(backend, ids), llama.logits(exact_file, ids), llama.logits(file, ids)
        )
        speeds = [
            (generate(backend, length), llama.generate(file, ids, length)) for _ in range(rounds)
        ]
    own, theirs = (statistics.median(each) for each in zip(*speeds, strict=True))
    ratio = statistics.median(a / b for a, b in speeds)
    print(f"{file.name}, {threads} threads, median of {rounds}, {length} tokens")
    print(f"  MAV        {own:7.1f} tokens/s with {', '.join(DEFAULT_PROBES)}")
    print(f"  llama.cpp  {theirs:7.1f} tokens/s")
    print(f"  ratio      {ratio:7.2f}")
    print(f"logits of {len(ids)} tokens, relative to the largest")
    print(f"  MAV and llama.cpp on float32    {found['exact']:.1e}  (at most {EXACT:.0e})")
    print(f"  MAV and llama.cpp on the file   {found['file']:.1e}")
    print(f"  what rounding activations moves {found['rounding']:.1e}")
    print(f"  logits beyond the bound         {found['beyond']:.2%}")
    print(f"  same likeliest token            {found['same']:.0%}")
    raise typer.Exit(int(found["exact"] > EXACT or found["beyond"] > 0))


if __name__ == "__main__":
    typer.run(main)
