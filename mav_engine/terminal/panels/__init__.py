"""The panels that come with MAV, one file each; `mav_engine.terminal.registry` lists them."""
