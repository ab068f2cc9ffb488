# The single binary on a small base. Put the Linux `router` binary and a router.yaml beside this file.
#
#   docker build -t router .
#   docker run -p 127.0.0.1:4356:4356 -e ROUTER_TEAM_KEY=… router
#
# In a container 127.0.0.1 is the container itself: servers of the host are at host.docker.internal, others at the name
# of their own container.
FROM debian:stable-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
  && useradd --system --create-home router && install -d -o router /home/router/state
COPY router /usr/local/bin/router
COPY router.yaml /etc/router/router.yaml
USER router
ENV ROUTER_HOST=0.0.0.0 ROUTER_PORT=4356 ROUTER_STATE_DIR=/home/router/state
EXPOSE 4356
ENTRYPOINT ["router", "-c", "/etc/router/router.yaml"]
CMD ["serve"]
