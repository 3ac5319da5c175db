"""Ports of service names as tcpdump prints them instead of numbers; never asked of the network.

Source: the IANA service name registry, for names that /etc/services of common systems hold.
"""

from typing import Final

SERVICE_PORTS: Final = {
    "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15, "qotd": 17, "chargen": 19,
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "mail": 25, "time": 37,
    "whois": 43, "nicname": 43, "tacacs": 49, "domain": 53, "gopher": 70, "finger": 79,
    "http": 80, "www": 80, "www-http": 80, "kerberos": 88, "iso-tsap": 102, "pop2": 109,
    "pop3": 110, "sunrpc": 111, "portmapper": 111, "auth": 113, "ident": 113, "nntp": 119,
    "ntp": 123, "epmap": 135, "loc-srv": 135, "netbios-ns": 137, "netbios-dgm": 138,
    "netbios-ssn": 139, "imap": 143, "imap2": 143, "snmp": 161, "snmptrap": 162, "bgp": 179,
    "irc": 194, "ldap": 389, "https": 443, "microsoft-ds": 445, "kpasswd": 464, "smtps": 465,
    "ssmtp": 465, "submissions": 465, "urd": 465, "exec": 512, "login": 513, "shell": 514,
    "cmd": 514, "printer": 515, "spooler": 515, "rtsp": 554, "nntps": 563, "submission": 587,
    "ipp": 631, "ldaps": 636, "rsync": 873, "domain-s": 853, "ftps-data": 989, "ftps": 990,
    "telnets": 992, "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194,
    "ms-sql-s": 1433, "ms-sql-m": 1434, "oracle": 1521, "ncube-lm": 1521, "ingreslock": 1524,
    "datametrics": 1645, "l2f": 1701, "pptp": 1723, "radius": 1812, "mqtt": 1883, "nfs": 2049,
    "zookeeper": 2181, "cvspserver": 2401, "docker": 2375, "docker-s": 2376, "iscsi-target": 3260,
    "squid": 3128, "mysql": 3306, "ms-wbt-server": 3389, "svn": 3690, "epmd": 4369,
    "sip": 5060, "sips": 5061, "xmpp-client": 5222, "xmpp-server": 5269, "postgresql": 5432,
    "postgres": 5432, "amqp": 5672, "amqps": 5671, "rfb": 5900, "x11": 6000, "x11-1": 6001,
    "redis": 6379, "ircs-u": 6697, "afs3-fileserver": 7000, "http-alt": 8080, "webcache": 8080,
    "http-proxy": 8080, "puppet": 8140, "secure-mqtt": 8883, "https-alt": 8443,
    "cslistener": 9000, "jetdirect": 9100, "bacula-dir": 9101, "git": 9418, "webmin": 10000,
    "zabbix-agent": 10050, "zabbix-trapper": 10051, "amanda": 10080, "memcache": 11211,
    "mongodb": 27017, "wap-wsp": 9200, "sunwebadmin": 8800, "hbci": 3000, "italk": 12345,
    "sun-answerbook": 8888, "ddi-tcp-1": 8888, "tproxy": 8081, "vcom-tunnel": 8001,
    "irdmi": 8000, "commplex-main": 5000, "commplex-link": 5001,
}  # fmt: skip
