// SPDX-License-Identifier: Apache-2.0
// One question, one answer, in Node:  node talk.mjs nibble.wasm MODEL.gguf QUESTION
import {readFileSync} from 'node:fs';
import {start} from './nibble.mjs';

const [wasm, model, question] = process.argv.slice(2);
try {
    const nibble = await start(await WebAssembly.compile(readFileSync(wasm)), readFileSync(model), {context: 4096});
    const tokensPerSecond = nibble.ask(question, (piece) => process.stdout.write(piece));
    process.stderr.write(`\n${tokensPerSecond.toFixed(1)} tokens/s\n`);
} catch (error) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
}
