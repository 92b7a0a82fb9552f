// People type at once. A browser leaves autofocus out where it finds something in its way, without a word.
"use strict";
const wanted = document.querySelector("[autofocus]");
if (wanted && document.activeElement === document.body) wanted.focus();
