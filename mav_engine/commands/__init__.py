"""The subcommands of `mav`, one file each. They import what they need when they are called."""
