"""Messages and claims, as a client in any language reads them."""

import base64

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


class Messages:
    """Of the descriptor set that the program writes."""

    def __init__(self, file):
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for one in files.file:
            self.pool.Add(one)

    def make(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"sekisho.v1.{name}"))(**fields)

    def call(self, channel, method, request, answer, bearer=None, stream=False):
        service, name = method.split("/")
        kind = channel.unary_stream if stream else channel.unary_unary
        callable_ = kind(
            f"/sekisho.v1.{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=type(self.make(answer)).FromString,
        )
        return callable_(request, timeout=30, metadata=[("authorization", f"Bearer {bearer}")] if bearer else [])


def payload(token):
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def names(frame, session):
    """Whether a frame of the feed speaks of a session, as text or bytes."""
    return session in str(frame).replace("-", "") or bytes.fromhex(session) in frame.SerializeToString()
