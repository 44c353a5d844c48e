// check.js FILE: does @sigstore/verify, which is not ours, find an entry under a signed checkpoint?
//
// FILE is JSON: {"entry", "checkpoint", "index", "hashes", "name", "key_id", "public"}, bytes in base64.
// Exit 0 and "OK" where the log signed the checkpoint and the entry is in it, 1 and "FAIL ..." otherwise.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const { verifyTLogInclusion } = require("@sigstore/verify/dist/tlog");

const asked = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const bytes = (written) => Buffer.from(written, "base64");
const log = {
  baseURL: asked.name,
  logID: bytes(asked.key_id),
  publicKey: crypto.createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: bytes(asked.public).toString("base64url") },
    format: "jwk",
  }),
};
const entry = {
  canonicalizedBody: bytes(asked.entry),
  inclusionProof: {
    checkpoint: { envelope: bytes(asked.checkpoint).toString("utf8") },
    logIndex: String(asked.index),
    hashes: asked.hashes.map(bytes),
  },
};
try {
  verifyTLogInclusion(entry, [log]);
  console.log("OK");
} catch (error) {
  console.log(`FAIL ${error.message}`);
  process.exit(1);
}
