"""The training program of the embedded model ``mav-tiny``; see README.md in this folder."""
