"""The tools of `mav mcp`: assistants that speak the Model Context Protocol run and compare models.

`tools.py` does what a tool promises, with the models of this machine or of a server (`source.py`);
`protocol.py` alone imports the package `mcp`.
"""
