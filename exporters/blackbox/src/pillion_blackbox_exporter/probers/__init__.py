"""One protocol, one file: `async def probe(probe: Probe) -> None`, loaded when it is named."""

PROBERS = {
    "dns": "pillion_blackbox_exporter.probers.dns.prober:probe",
    "grpc": "pillion_blackbox_exporter.probers.grpc.prober:probe",
    "http": "pillion_blackbox_exporter.probers.http.prober:probe",
    "icmp": "pillion_blackbox_exporter.probers.icmp.prober:probe",
    "tcp": "pillion_blackbox_exporter.probers.tcp:probe",
    "unix": "pillion_blackbox_exporter.probers.unix:probe",
    "websocket": "pillion_blackbox_exporter.probers.websocket.prober:probe",
}
