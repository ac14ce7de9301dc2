"""The tests with the .NET program exist where the program does."""

from tests.clients.dotnet import PROGRAM

collect_ignore = [] if PROGRAM.exists() else ["test_dotnet.py"]
