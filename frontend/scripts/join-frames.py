"""Joins PNG frames to an animated WebP: `join-frames.py FOLDER FILE`.

FOLDER holds the frames, in the order of their names, and durations.json with their milliseconds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

WIDTH = 1000


def main(folder: Path, file: Path) -> None:
    frames = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.png"))]
    height = round(WIDTH * frames[0].height / frames[0].width)
    first, *rest = (frame.resize((WIDTH, height), Image.Resampling.LANCZOS) for frame in frames)
    durations = json.loads((folder / "durations.json").read_text(encoding="utf-8"))
    first.save(
        file, save_all=True, append_images=rest, duration=durations, loop=0, quality=80, method=4
    )
    seconds, size = sum(durations) / 1000, file.stat().st_size
    print(f"{file}: {len(frames)} frames, {seconds:.1f} s, {size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
