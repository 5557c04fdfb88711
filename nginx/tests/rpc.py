"""gRPC through nginx, with the client and the server of grpcio: `grpc_pass` behind the module."""

import threading
from concurrent import futures

from harness import ATTACK, check, free_ports

try:
    import grpc
except ImportError:
    grpc = None

# What is in the messages is for a policy of their own: as far as the module goes they are bytes.
POLICY = "mode: block\nbody_types: {opaque: [application/grpc]}\n"


class Echo:
    """A service of two methods, without generated code: messages are bytes."""

    def __init__(self):
        self.first = threading.Event()

    def unary(self, request, _):
        return request.upper()

    def collect(self, requests, _):
        got = []
        for request in requests:
            got.append(request)
            self.first.set()
        return b" ".join(got)

    def service(self, details):
        methods = {"/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
                   "/test.Echo/Collect": grpc.stream_unary_rpc_method_handler(self.collect)}
        return methods.get(details.method)

    def serve(self):
        """The server and its port."""
        server = grpc.server(futures.ThreadPoolExecutor(4))
        handler = type("Handler", (grpc.GenericRpcHandler,), {"service": lambda _, details: self.service(details)})
        server.add_generic_rpc_handlers((handler(),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, port


def test_grpc(nginx, up, _):
    if grpc is None:
        print("grpcio is missing (cargo xtask nginx --install): not tried")
        return
    echo, [listen] = Echo(), free_ports(1)
    server, port = echo.serve()
    nginx.write("grpc.yaml", POLICY)
    nginx.configure(f"""server {{
      listen 127.0.0.1:{listen} http2; server_name grpc.test; abatis on; abatis_policy grpc.yaml; abatis_body stream;
      location / {{ grpc_pass grpc://127.0.0.1:{port}; }}
    }}""")
    nginx.reload()
    with grpc.insecure_channel(f"127.0.0.1:{listen}") as channel:
        unary = channel.unary_unary("/test.Echo/Unary")
        check(unary(b"three little pigs", timeout=10, wait_for_ready=True) == b"THREE LITTLE PIGS", "gRPC: unary")
        check(unary(b"x" * 1000000, timeout=10) == b"X" * 1000000, "gRPC: a large message")
        seen = []

        def messages():
            yield b"first"
            # The upstream has the first message before the last is sent, or this waits in vain.
            seen.append(echo.first.wait(5))
            yield b"last"

        said = channel.stream_unary("/test.Echo/Collect")(messages(), timeout=20)
        check(said == b"first last", "gRPC: client streaming", said)
        check(seen == [True], "gRPC: the upstream sees the first message before the last is sent")
        blocked = None
        try:
            unary(b"x", timeout=10, metadata=[("x-name", ATTACK.replace("+", " "))])
        except grpc.RpcError as error:
            blocked = error.code()
        check(blocked == grpc.StatusCode.PERMISSION_DENIED, "gRPC: an attack in the metadata", blocked)
    server.stop(None)
    nginx.configure()
    nginx.reload()
