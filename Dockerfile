# One static binary on nothing: no shell, no package manager. Build: docker build --build-arg VERSION=v1.2.3 -t kruzhok .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/kruzhok ./cmd/kruzhok
# A new volume takes the owner of the folder that it is mounted on.
RUN mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch
# What TLS to the Bot API and to mail servers is checked with. Time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/kruzhok /usr/local/bin/kruzhok
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/tmp /tmp
USER 65532:65532
ENV PATH=/usr/local/bin KRUZHOK_LISTEN=:8080 KRUZHOK_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# SIGTERM drains: give it more than KRUZHOK_SHUTDOWN_TIMEOUT before SIGKILL.
ENTRYPOINT ["/usr/local/bin/kruzhok"]
CMD ["serve"]
