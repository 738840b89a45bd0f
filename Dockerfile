# Lectern in a container:
#
#   docker build -t lectern .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/talks" -v lectern-data:/data \
#     lectern run talk.mp4 --title "…" --subtitles en=talk.srt -o out

FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY internal internal
COPY pipelines pipelines
COPY worker worker
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -o /lectern ./cmd/lectern

# The distribution's ffmpeg, and fonts for every script that a name may be written in.
FROM debian:12.12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates ffmpeg fontconfig fonts-dejavu-core fonts-noto-cjk fonts-noto-core tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --create-home lectern \
 && install -d -m 1777 /data /talks
COPY --from=build /lectern /usr/local/bin/lectern
ENV LECTERN_DATA=/data
USER lectern
# Recordings and bundles are under /talks, facts and artifacts under /data: all containers
# of one installation see both at these paths.
VOLUME /data
WORKDIR /talks
# tini reaps the processes that a stopped ffmpeg leaves behind.
ENTRYPOINT ["/usr/bin/tini", "--", "lectern"]
CMD ["--help"]
