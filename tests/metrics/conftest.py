"""The naive forms of this folder are in reach of every test below it, because pytest looks beside a conftest."""
