"""Ray on this machine with two engines of mav-tiny, in a process of its own: `PORT` as argument.

Prints a line when it serves. A line of input removes one engine; it ends when its input does.
"""

from __future__ import annotations

import sys

import ray
from ray import serve

from mav_engine.server.ray_serve.application import build

if __name__ == "__main__":
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    for name, engines in (("serving", 2), ("one engine", 1)):
        scale = {"min_replicas": engines, "max_replicas": engines, "num_cpus": 1}
        serve.run(build({"models": {"mav-tiny": scale}, "max_gateways": 1}), name="mav")
        print(name, flush=True)
        if not sys.stdin.readline():
            break
    serve.shutdown()
    ray.shutdown()
