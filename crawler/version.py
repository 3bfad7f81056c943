"""Who we are to the sites we visit."""

VERSION = "0.1.0"
PROJECT_URL = "https://github.com/clew-crawler/clew"
