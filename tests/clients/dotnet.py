"""Where the .NET program stands: it is too large for the project, and stands beside the checkout or nowhere."""

from tests.proxy_process import ROOT

PROGRAM = ROOT.parent / "shared" / "dotnet-client" / "dotnet-client"
