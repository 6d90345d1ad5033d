-- table demo.app.tbl_ObjectLink: ObjectLinkPointer INT64, ObjectPointer INT64, LinkObject INT64, LinkTypeID INT64, FromDate DATETIME, Remark STRING
-- table demo.app_staging.tbl_ObjectLink__RUN: _plimsoll_op STRING, ObjectLinkPointer INT64, ObjectPointer INT64, LinkObject INT64, LinkTypeID INT64, FromDate DATETIME, Remark STRING
MERGE `demo.app.tbl_ObjectLink` AS T
USING `demo.app_staging.tbl_ObjectLink__RUN` AS S
ON T.`ObjectLinkPointer` = S.`ObjectLinkPointer` AND T.`ObjectLinkPointer` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`ObjectPointer` = S.`ObjectPointer`, T.`LinkObject` = S.`LinkObject`, T.`LinkTypeID` = S.`LinkTypeID`, T.`FromDate` = S.`FromDate`, T.`Remark` = S.`Remark`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`ObjectLinkPointer`, `ObjectPointer`, `LinkObject`, `LinkTypeID`, `FromDate`, `Remark`) VALUES (S.`ObjectLinkPointer`, S.`ObjectPointer`, S.`LinkObject`, S.`LinkTypeID`, S.`FromDate`, S.`Remark`)
