#!/usr/bin/env bash
# Makes a certificate authority and Elasticsearch's certificate, once; runs in Elasticsearch's image.
# /certs holds the keys and is for Elasticsearch alone; /ca holds the authority's certificate alone.
set -euo pipefail

tool=/usr/share/elasticsearch/bin/elasticsearch-certutil
days="${CERTIFICATE_DAYS:-1825}"

if [ ! -s /certs/ca/ca.key ]; then
  rm -rf /certs/ca /certs/ca.zip
  "$tool" ca --silent --pem --days "$days" --out /certs/ca.zip
  unzip -q /certs/ca.zip -d /certs
  rm /certs/ca.zip
  rm -rf /certs/elasticsearch # of an authority that is gone
fi

if [ ! -s /certs/elasticsearch/elasticsearch.key ]; then
  rm -rf /certs/elasticsearch /certs/elasticsearch.zip
  "$tool" cert --silent --pem --days "$days" --name elasticsearch \
    --dns elasticsearch,localhost --ip 127.0.0.1 \
    --ca-cert /certs/ca/ca.crt --ca-key /certs/ca/ca.key --out /certs/elasticsearch.zip
  unzip -q /certs/elasticsearch.zip -d /certs
  rm /certs/elasticsearch.zip
fi

# Elasticsearch's process belongs to the group root; nobody else mounts this folder.
chown -R root:root /certs
find /certs -type d -exec chmod 0750 {} +
find /certs -type f -exec chmod 0640 {} +

install -m 0644 /certs/ca/ca.crt /ca/ca.crt
chmod 0755 /ca
echo "certificates are in place"
