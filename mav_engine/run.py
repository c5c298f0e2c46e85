from mav_engine.settings import RunSettings


def run(settings: RunSettings): ...
