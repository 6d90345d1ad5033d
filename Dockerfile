# The image that Cloud Run runs: the binary, the C library it needs, root certificates; no shell, no package manager, no root.
#
#   docker build -t plimsoll .          or: buildah build -t plimsoll .
#
# Plain Dockerfile syntax: nothing here needs BuildKit.

# Another base, such as a mirror's: --build-arg BASE=…; it needs cargo, a C compiler and Debian's packages.
ARG BASE=docker.io/library/rust:1.95-slim-bookworm
# hadolint ignore=DL3006
FROM ${BASE} AS build
WORKDIR /src
# Stripped, and without the paths of this machine: the same source gives the same binary.
ENV CARGO_PROFILE_RELEASE_STRIP=symbols \
    CARGO_PROFILE_RELEASE_DEBUG=none \
    CARGO_INCREMENTAL=0 \
    RUSTFLAGS="--remap-path-prefix=/src=plimsoll -C link-arg=-Wl,--build-id=none"
# The dependencies in a layer of their own: it is built again when Cargo.lock changes, not with each change of the source.
COPY Cargo.toml Cargo.lock ./
# Cargo reads the manifest of every crate that it knows, also of one that tests alone are built with.
COPY tests/support/sqlserver_standin/Cargo.toml tests/support/sqlserver_standin/
RUN mkdir -p src benches \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs benches/encode.rs \
    && cargo build --locked --release --bin plimsoll \
    && rm -rf src target/release/plimsoll target/release/.fingerprint/plimsoll-*
COPY src src
RUN cargo build --locked --release --bin plimsoll
# Whose software it has in it, with the texts of their licences.
COPY LICENSE ./
COPY scripts/notices.sh scripts/
COPY scripts/licences scripts/licences
RUN mkdir -p /image/usr/share/doc/plimsoll \
    && scripts/notices.sh > /image/usr/share/doc/plimsoll/NOTICE \
    && cp LICENSE /image/usr/share/doc/plimsoll/
# What the binary links to, asked of the binary itself; and Debian's records of those packages, so that scanners know them.
RUN mkdir -p /image/usr/bin /image/etc/ssl/certs /image/var/lib/dpkg/status.d /image/tmp \
    && cp target/release/plimsoll /image/usr/bin/ \
    && ldd target/release/plimsoll > /tmp/linked \
    && grep -o '/[^ ]*' /tmp/linked > /tmp/libraries \
    && xargs -a /tmp/libraries -I{} cp -L --parents {} /image \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && for package in libc6 libgcc-s1 ca-certificates; do \
         dpkg-query -s "$package" > "/image/var/lib/dpkg/status.d/$package" \
         && mkdir -p "/image/usr/share/doc/$package" \
         && cp -L "/usr/share/doc/$package/copyright" "/image/usr/share/doc/$package/" || exit 1; \
       done \
    && echo 'plimsoll:x:65532:65532::/nonexistent:/nonexistent' > /image/etc/passwd \
    && echo 'plimsoll:x:65532:' > /image/etc/group \
    && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
    && chmod 1777 /image/tmp
# All files as old as the commit, where the build says how old that is.
ARG SOURCE_DATE_EPOCH
RUN find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +

FROM scratch
LABEL org.opencontainers.image.title="Plimsoll" \
      org.opencontainers.image.description="Keeps BigQuery tables equal to tables of PostgreSQL or SQL Server, with nothing running between two ticks" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
USER 65532:65532
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
EXPOSE 8080
ENTRYPOINT ["/usr/bin/plimsoll"]
CMD ["serve"]
