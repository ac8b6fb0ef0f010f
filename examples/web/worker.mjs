// SPDX-License-Identifier: Apache-2.0
// The page's other thread, so that the page stays alive while the model thinks.
import {start} from './nibble.mjs';

let nibble;
onmessage = async ({data: {model, question}}) => {
    try {
        if (model) {
            const module = await WebAssembly.compileStreaming(fetch('nibble.wasm'));
            nibble = await start(module, new Uint8Array(model));
            postMessage({ready: true});
        } else {
            const tokensPerSecond = nibble.ask(question, (piece) => postMessage({piece}));
            postMessage({tokensPerSecond});
        }
    } catch (error) {
        postMessage({error: error.message});
    }
};
