/* Photos are made smaller on the phone before they are sent: less waiting, less data. Where this does not run the photo goes
   as it is, and the server says when it is too large. */
(function () {
  'use strict';
  var LARGE = 1024 * 1024, SIDE = 2400;
  if (!window.createImageBitmap || !window.DataTransfer || !HTMLCanvasElement.prototype.toBlob) return;
  function shrink(input) {
    var file = input.files[0];
    if (!file || file.size <= LARGE || file.type.indexOf('image/') !== 0) return;
    createImageBitmap(file, { imageOrientation: 'from-image' }).then(function (picture) {
      var scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
      var canvas = document.createElement('canvas');
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (made) {
        if (!made || made.size >= file.size || input.files[0] !== file) return;
        var chosen = new DataTransfer();
        chosen.items.add(new File([made], 'photo.jpg', { type: 'image/jpeg' }));
        input.files = chosen.files;
        input.setAttribute('data-shrunk', String(made.size));
      }, 'image/jpeg', 0.85);
    }, function () { /* not a picture that this browser reads: the server looks at it */ });
  }
  document.addEventListener('change', function (event) {
    if (event.target.matches && event.target.matches('input[type=file]')) shrink(event.target);
  });
})();
