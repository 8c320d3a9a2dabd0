using System.Text;
using Ebee.Events;

namespace Ebee.Cli;

/// <summary>A table whose columns have fixed widths, so that the first row shows at once; the last one is open.</summary>
internal sealed class TableOutput(IReadOnlyList<TableColumn> columns) : EventOutput
{
    private readonly StringBuilder _line = new();

    public override void Begin() => WriteLine(column => column.Header);

    public override void Write(object e) => WriteLine(column => TerminalText.Escape(column.Value(e)));

    private void WriteLine(Func<TableColumn, string> cell)
    {
        _line.Clear();
        for (int i = 0; i < columns.Count; i++)
        {
            string text = cell(columns[i]);
            if (i == columns.Count - 1)
            {
                _line.Append(text);
            }
            else
            {
                _line.Append(text.PadRight(columns[i].Width)).Append(' ');
            }
        }
        _line.Append('\n');
        Send(Encoding.UTF8.GetBytes(_line.ToString()));
    }
}
