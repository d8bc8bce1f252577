"""The form filler for the browser: plain JavaScript, put together by :mod:`extractor.exports.prefill.filler_code`."""
