"""The subcommands of `mav`, one file each; what a command needs is imported when it is called."""
