"""serve.py PORT_FILE LOG: serves the current directory on 127.0.0.1, writes the port to a file, and logs what is asked for.
/hang/… never answers; /cut/N/… has the first N bytes of a file, and the length of the whole."""

import http.server
import os
import sys
import threading

port_file, log = map(os.path.abspath, sys.argv[1:])


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with open(log, 'a') as file:
            file.write(self.path + '\n')
        kind, _, rest = self.path[1:].partition('/')
        if kind == 'hang':
            threading.Event().wait(60)
        elif kind == 'cut':
            length, _, name = rest.partition('/')
            self.send_response(200)
            self.send_header('Content-Length', str(os.path.getsize(name)))
            self.end_headers()
            with open(name, 'rb') as file:
                self.wfile.write(file.read(int(length)))
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


with Server(('127.0.0.1', 0), Handler) as server:
    with open(port_file + '.new', 'w') as file:
        file.write(str(server.server_port))
    os.replace(port_file + '.new', port_file)
    server.serve_forever()
