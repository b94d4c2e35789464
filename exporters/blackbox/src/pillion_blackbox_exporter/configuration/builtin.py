"""The modules that there are where no file says otherwise; the usual names, as people know them."""

from __future__ import annotations

PATHS = ("blackbox.yml", "/etc/blackbox_exporter/config.yml")
"""Where a file is looked for when none is named: the working directory, then the image's place."""

NAME = "built-in"

TEXT = r"""
modules:
  http_2xx:
    prober: http
    http:
      preferred_ip_protocol: ip4
  http_post_2xx:
    prober: http
    http:
      method: POST
  tcp_connect:
    prober: tcp
  pop3s_banner:
    prober: tcp
    tcp:
      query_response:
        - expect: ^\+OK
      tls: true
  ssh_banner:
    prober: tcp
    tcp:
      query_response:
        - expect: ^SSH-2.0-
        - send: SSH-2.0-blackbox-ssh-check
  ssh_banner_extract:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
        - expect: "^SSH-2.0-([^ -]+)(?: (.*))?$"
          labels:
            - name: ssh_version
              value: ${1}
            - name: ssh_comments
              value: ${2}
  irc_banner:
    prober: tcp
    tcp:
      query_response:
        - send: NICK prober
        - send: "USER prober prober prober :prober"
        - expect: "PING :([^ ]+)"
          send: PONG ${1}
        - expect: "^:[^ ]+ 001"
  smtp_starttls:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
        - expect: ^220
        - send: "EHLO prober\r"
        - expect: ^250[ -]STARTTLS
        - send: "STARTTLS\r"
        - expect: ^220
        - starttls: true
        - send: "QUIT\r"
  icmp:
    prober: icmp
  icmp_ttl5:
    prober: icmp
    timeout: 5s
    icmp:
      ttl: 5
  grpc:
    prober: grpc
    grpc:
      tls: true
      preferred_ip_protocol: ip4
  grpc_plain:
    prober: grpc
    grpc:
      tls: false
      service: service1
  dns_udp:
    prober: dns
    timeout: 5s
    dns:
      query_name: .
      query_type: NS
      preferred_ip_protocol: ip4
  dns_tcp:
    prober: dns
    timeout: 5s
    dns:
      transport_protocol: tcp
      query_name: .
      query_type: NS
      preferred_ip_protocol: ip4
"""
