using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Reflection;

namespace Ebee.PowerShell.Formatting;

/// <summary>
/// How PowerShell sees the properties of Ebee's objects: as they are, but for times and arrays. A time is a DateTime, the one type
/// of a time that PowerShell compares with Get-Date and that its serializer keeps; what Export-Csv writes of it and of an array
/// can be read again. It costs something only when a property is read.
/// </summary>
public sealed class RecordAdapter : PSPropertyAdapter
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, PropertyInfo>> Known = [];

    /// <inheritdoc/>
    public override Collection<PSAdaptedProperty> GetProperties(object baseObject) =>
        [.. PropertiesOf(baseObject).Values.Select(property => new PSAdaptedProperty(property.Name, property))];

    /// <inheritdoc/>
    public override PSAdaptedProperty? GetProperty(object baseObject, string propertyName) =>
        PropertiesOf(baseObject).TryGetValue(propertyName, out PropertyInfo? property) ? new PSAdaptedProperty(property.Name, property) : null;

    /// <inheritdoc/>
    public override bool IsGettable(PSAdaptedProperty adaptedProperty) => true;

    /// <inheritdoc/>
    public override bool IsSettable(PSAdaptedProperty adaptedProperty) => false;

    /// <inheritdoc/>
    public override object? GetPropertyValue(PSAdaptedProperty adaptedProperty) =>
        InfoOf(adaptedProperty).GetValue(adaptedProperty.BaseObject) switch
        {
            DateTimeOffset time => new TimeValue(time),
            Array array => new ArrayValue(array),
            object value => value,
            null => null,
        };

    /// <inheritdoc/>
    public override void SetPropertyValue(PSAdaptedProperty adaptedProperty, object value) =>
        throw new SetValueException($"'{adaptedProperty.Name}' is a property that can only be read.");

    /// <inheritdoc/>
    public override string GetPropertyTypeName(PSAdaptedProperty adaptedProperty)
    {
        Type type = InfoOf(adaptedProperty).PropertyType;
        return (type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?) ? typeof(DateTime) : type).ToString();
    }

    private static PropertyInfo InfoOf(PSAdaptedProperty property) => (PropertyInfo)property.Tag;

    private static Dictionary<string, PropertyInfo> PropertiesOf(object value) =>
        Known.GetOrAdd(value.GetType(), static type => type.GetProperties().ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase));
}
