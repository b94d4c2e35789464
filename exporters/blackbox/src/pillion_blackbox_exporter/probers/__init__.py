"""One protocol, one file: `async def probe(probe: Probe) -> None`, loaded when it is named."""

PROBERS = {
    "dns": "pillion_blackbox_exporter.probers.dns:probe",
    "grpc": "pillion_blackbox_exporter.probers.grpc:probe",
    "http": "pillion_blackbox_exporter.probers.http.prober:probe",
    "icmp": "pillion_blackbox_exporter.probers.icmp:probe",
    "tcp": "pillion_blackbox_exporter.probers.tcp:probe",
    "unix": "pillion_blackbox_exporter.probers.unix:probe",
    "websocket": "pillion_blackbox_exporter.probers.websocket:probe",
}
