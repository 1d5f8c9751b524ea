// Small photos in a row, each a link to its snapshot.

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.strip');
  root.replaceChildren(...data.photos.map((photo) => {
    const picture = Object.assign(document.createElement(photo.src ? 'img' : 'div'), photo.src
      ? { src: photo.src, alt: photo.said, loading: 'lazy' } : { className: 'gone', title: photo.said });
    const link = Object.assign(document.createElement('a'), { href: `snapshot?id=${photo.id}`, title: photo.said });
    link.append(picture, Object.assign(document.createElement('span'), { textContent: photo.label }));
    if (photo.current) link.setAttribute('aria-current', 'true');
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a window of its own
      event.preventDefault();
      setTriggerValue('open', photo.id);
    };
    const item = document.createElement('li');
    item.append(link);
    return item;
  }));
  const current = root.querySelector('[aria-current]')?.parentElement;
  if (current) root.scrollLeft = current.offsetLeft - root.offsetLeft - (root.clientWidth - current.clientWidth) / 2;
}
